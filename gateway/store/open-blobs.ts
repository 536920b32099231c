/** This file chooses where media are kept: files in a folder, or S3-compatible storage. */
import { join } from 'node:path';
import { chance } from '../foundation/chance.ts';
import type { Clock } from '../foundation/clock.ts';
import { ConfigError } from '../foundation/config.ts';
import type { Config } from '../foundation/config.ts';
import { createFileBlobs } from './blobs-files.ts';
import type { BlobStore } from './blobs.ts';

/**
 * Opens what `INTERLINE_MEDIA` names: a folder, or `s3://bucket/prefix?endpoint=…&region=…`; without it, the folder `media` in
 * the data folder. Gateways on several machines need one place they all see. Throws a ConfigError for what can't be used.
 */
export async function openBlobs(config: Pick<Config, 'media' | 'dataFolder' | 'environment'>, clock: Clock): Promise<BlobStore> {
  if (config.media === null) return createFileBlobs(join(config.dataFolder, 'media'));
  if (!config.media.startsWith('s3:')) return createFileBlobs(config.media);
  // Only who uses S3 pays for its client.
  const { createS3Blobs, readS3Place } = await import('./blobs-s3.ts');
  const place = readS3Place(config.media, config.environment);
  if (typeof place === 'string') throw new ConfigError(place);
  return createS3Blobs(place, { clock, chance });
}
