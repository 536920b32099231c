/** This file takes credentials out of texts: the last net for what is logged, and for what an upstream quotes back. */

const SECRETS = /\b(?:sk|rk|gsk|xai|pk|r8|hf|nvapi|csk)[-_][\w*-]{6,}|\bAIza[\w-]{10,}|\bwm_v2\.[\w.-]+|Bearer\s+[\w.~+/=-]+/gi;

/** Takes anything that looks like a credential out of a text. */
export function scrub(text: string): string {
  return text.replace(SECRETS, '[redacted]');
}
