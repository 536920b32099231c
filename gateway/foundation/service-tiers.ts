/** This file holds OpenAI's names of processing classes. */

/** As openapi.yaml 2.3.0 has them (ServiceTier). */
const SERVICE_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority']);

/** A provider's name of a processing class in OpenAI's names. Others have their own for the usual one, as Groq has `on_demand`. */
export function openAiTier(told: string): string {
  return SERVICE_TIERS.has(told) ? told : 'default';
}
