/** This file is the only reader of the environment; it is read once, at the start. */
import { resolve } from 'node:path';
import type { LogLevel } from './log.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Folder of the store, the secrets and the first key. */
  readonly dataFolder: string;
  /** The operator's YAML; null when INTERLINE_CONFIG is not set. */
  readonly configFile: string | null;
  /** PostgreSQL that holds the store; null: SQLite in the data folder. */
  readonly databaseUrl: string | null;
  /** Redis by which several gateways share rate limits; null: each keeps its own. */
  readonly redisUrl: string | null;
  /** Where media are kept: a folder, or `s3://bucket/prefix?…`; null: `media` in the data folder. */
  readonly media: string | null;
  readonly logLevel: LogLevel;
  readonly environment: Environment;
}

/** A setting is wrong; the message says which and what it may be. */
export class ConfigError extends Error {}

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
const PORT_DEFAULT = 3457;
const PORT_MAX = 65_535;

/** Reads the settings. Throws a ConfigError for one that can't be used. */
export function readConfig(environment: Environment = process.env): Config {
  const port = environment['PORT'] === undefined || environment['PORT'] === '' ? PORT_DEFAULT : Number(environment['PORT']);
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw new ConfigError(`PORT must be a whole number from 0 (any free port) to ${PORT_MAX}, not "${environment['PORT'] ?? ''}".`);
  }
  const wanted = environment['LOG_LEVEL'] ?? 'info';
  const logLevel = LOG_LEVELS.find((level) => level === wanted);
  if (!logLevel) throw new ConfigError(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}, not "${wanted}".`);
  const configFile = environment['INTERLINE_CONFIG'];
  return {
    port,
    host: environment['HOST'] === undefined || environment['HOST'] === '' ? '127.0.0.1' : environment['HOST'],
    dataFolder: resolve(environment['INTERLINE_DATA'] === undefined || environment['INTERLINE_DATA'] === '' ? '.interline' : environment['INTERLINE_DATA']),
    configFile: configFile === undefined || configFile === '' ? null : resolve(configFile),
    databaseUrl: readUrl(environment, 'INTERLINE_DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: readUrl(environment, 'INTERLINE_REDIS_URL', ['redis:', 'rediss:']),
    media: readMedia(environment['INTERLINE_MEDIA']),
    logLevel,
    environment,
  };
}

function readMedia(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  if (text.startsWith('s3:')) return text;
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) throw new ConfigError('INTERLINE_MEDIA must be a folder, or s3://bucket/prefix?endpoint=https://host&region=name.');
  return resolve(text);
}

/** Reads an address that may be left out. What is wrong with it is said without repeating it: it may hold a password. */
function readUrl(environment: Environment, name: string, protocols: readonly string[]): string | null {
  const text = environment[name];
  if (text === undefined || text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !protocols.includes(url.protocol)) {
    throw new ConfigError(`${name} must be an address such as ${protocols[0] ?? ''}//user:password@host/name.`);
  }
  return text;
}
