/** This file is the seam to OpenTelemetry: without a collector nothing of it is loaded. */
import type { Environment } from './config.ts';
import { readOtlpSettings } from './otlp-settings.ts';
import type { Telemetry, TelemetryParts } from './story.ts';

/**
 * Opens what OTEL_EXPORTER_OTLP_ENDPOINT and its kin ask for; null, with nothing loaded, where they ask for nothing. Rejects with a ConfigError for
 * a setting that can't be used.
 */
export async function openTelemetry(environment: Environment, parts: TelemetryParts): Promise<Telemetry | null> {
  const settings = readOtlpSettings(environment);
  if (!settings) return null;
  // Some 150 ms and 15 MB, which only who has a collector pays for.
  const { openOtlp } = await import('./otlp.ts');
  return openOtlp(settings, parts);
}
