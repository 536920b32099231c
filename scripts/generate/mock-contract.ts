/** This file derives the contract the mock runs on: streams become text, because Prism cannot make events of chunk objects, and a bad request stays a 400. */
import type { Contract } from './contract.ts';
import { listOperations } from './contract.ts';

const EVENTS_TYPE = 'text/event-stream';

/** Copies the contract with every stream's chunk examples written as the bytes they are on the wire. */
export function renderMockContract(contract: Contract): Contract {
  const mock = structuredClone(contract);
  for (const { operation } of listOperations(mock)) {
    // Where a 422 is declared Prism answers every request it finds invalid with it; ours is for idempotency keys alone.
    delete operation.responses['422'];
    for (const { content } of Object.values(operation.responses)) {
      const media = content?.[EVENTS_TYPE];
      if (!content || !media) continue;
      const chunks = Object.values(media.examples ?? {}).map(({ value }) => `data: ${JSON.stringify(value)}\n\n`);
      const stream = { summary: 'A whole stream', value: `${chunks.join('')}data: [DONE]\n\n` };
      content[EVENTS_TYPE] = { schema: { type: 'string' }, examples: { stream } };
    }
  }
  return mock;
}
