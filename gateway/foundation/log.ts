/** This file makes the log: structured lines without headers, bodies or secrets, whatever is handed to it. */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { scrub } from './scrub.ts';

export type Log = Logger;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Only these parts of an error are written: never what a library may have attached to it. */
function errorLine(error: unknown): object {
  if (!(error instanceof Error)) return { message: scrub(String(error)) };
  return {
    name: error.name,
    message: scrub(error.message),
    stack: scrub(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: errorLine(error.cause) }),
  };
}

/** Makes a log that writes JSON lines to a stream (stdout unless one is given). */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    redact: { paths: ['authorization', '*.authorization', 'headers', '*.headers', 'body', '*.body', 'apiKey', '*.apiKey'], censor: '[redacted]' },
    serializers: { error: errorLine, err: errorLine },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
}
