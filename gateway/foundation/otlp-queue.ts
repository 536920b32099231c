/** This file keeps finished spans until a collector takes them: so many at most, one export at a time, what is too much dropped and counted. */
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';

export interface SpanQueueParts {
  readonly exporter: SpanExporter;
  readonly log: Log;
  readonly dropped: { count: number };
  /** Spans that wait at most. */
  readonly queueMax: number;
  /** Spans of one export. */
  readonly batchMax: number;
}

/** The SDK's own processor drops without a count that could be read; else this does what it does. */
export class SpanQueue implements SpanProcessor {
  readonly #parts: SpanQueueParts;
  #waiting: ReadableSpan[] = [];
  #exporting: Promise<void> | null = null;
  /** Whether the last export failed: said once, not for every batch. */
  #isFailing = false;

  constructor(parts: SpanQueueParts) {
    this.#parts = parts;
  }

  onStart(): void {
    // Spans are told of when they are over.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#waiting.length >= this.#parts.queueMax) this.#parts.dropped.count++;
    else {
      this.#waiting.push(span);
      if (this.#waiting.length >= this.#parts.batchMax) void this.forceFlush();
    }
  }

  /** Exports all that wait. Resolves when it is out, or was refused. */
  forceFlush(): Promise<void> {
    return this.#exporting ??= this.#exportAll().finally(() => { this.#exporting = null; });
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    await this.#parts.exporter.shutdown();
  }

  async #exportAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#parts.batchMax);
      this.#waiting = this.#waiting.slice(batch.length);
      await this.#export(batch);
    }
  }

  #export(batch: ReadableSpan[]): Promise<void> {
    const { exporter, log, dropped } = this.#parts;
    return new Promise((resolve) => {
      exporter.export(batch, ({ code, error }) => {
        const isFailure = code !== ExportResultCode.SUCCESS;
        if (isFailure) dropped.count += batch.length;
        if (isFailure && !this.#isFailing) log.warn({ error, spans: batch.length }, 'spans were not taken by the collector');
        else if (!isFailure && this.#isFailing) log.info('spans are taken by the collector again');
        this.#isFailing = isFailure;
        resolve();
      });
    });
  }
}
