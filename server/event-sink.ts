/** This file writes the events of one stream: each in an HTTP chunk of its own, those of one read in one system call, with back-pressure. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { NO_BYTES } from '../gateway/foundation/byte-text.ts';
import type { ByteText } from '../gateway/foundation/byte-text.ts';
import type { EventSink } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';

/** Makes the sink of a response whose head has been written. */
export function createEventSink(response: ServerResponse, house: House): EventSink {
  return new ResponseSink(response, house);
}

/** So much the kernel takes even for a reader that does not read; a timer for each small reply would cost more than it could save. */
const KERNEL_BYTES = 64 * 1024;

/** Cuts a reader that does not take the end of its reply. */
export function watchStall(response: ServerResponse, house: House): void {
  if (response.writableLength <= KERNEL_BYTES) return;
  const cancel = house.clock.after(house.limits.stalledWriteMs, () => { response.destroy(); });
  response.once('close', cancel);
}

/**
 * Node writes a chunk as four pieces, each through the whole of its stream machinery: with a hundred events a reply
 * that is most of its cost. The chunks are framed here (RFC 9112, 7.1) and go to the socket in one piece; the head and
 * the last chunk are Node's. A response that waits behind another on its connection has no socket yet and is written
 * through Node.
 */
class ResponseSink implements EventSink {
  readonly #response: ServerResponse;
  readonly #house: House;
  readonly #socket: Socket | null;
  #held: string = NO_BYTES;
  #isCorked = false;
  #isFull = false;
  #cancelStall: (() => void) | null = null;
  #resume: (() => void) | null = null;

  constructor(response: ServerResponse, house: House) {
    this.#response = response;
    this.#house = house;
    this.#socket = response.chunkedEncoding ? response.socket : null;
    // The head leaves with the first events, or alone when none come at once.
    this.#holdForTurn();
    response.flushHeaders();
    const drained = (): void => { this.#drained(); };
    const source = this.#socket ?? response;
    source.on('drain', drained);
    response.once('close', () => {
      source.off('drain', drained);
      this.#cancelStall?.();
    });
  }

  write(event: ByteText): boolean {
    if (!this.#socket) {
      if (!this.#response.destroyed && !this.#response.write(event, 'latin1')) this.#fill();
      return !this.#isFull;
    }
    this.#held += `${event.length.toString(16)}\r\n${event}\r\n`;
    if (!this.#isCorked) this.#flush();
    return !this.#isFull;
  }

  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.#flush();
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  end(event?: ByteText): void {
    this.#holdForTurn();
    if (event !== undefined) this.write(event);
    this.#flush();
    if (this.#response.destroyed) return;
    this.#response.end();
    watchStall(this.#response, this.#house);
  }

  #holdForTurn(): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.cork();
    queueMicrotask(() => { socket.uncork(); });
  }

  #flush(): void {
    const frames = this.#held;
    if (frames === '' || !this.#socket) return;
    this.#held = NO_BYTES;
    if (!this.#response.destroyed && !this.#socket.write(frames, 'latin1')) this.#fill();
  }

  /** The reader does not keep up: it has so long to take what waits. */
  #fill(): void {
    this.#isFull = true;
    this.#cancelStall ??= this.#house.clock.after(this.#house.limits.stalledWriteMs, () => { this.#response.destroy(); });
  }

  #drained(): void {
    this.#isFull = false;
    this.#cancelStall?.();
    this.#cancelStall = null;
    this.#resume?.();
  }
}
