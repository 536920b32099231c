/** This file looks at the events of a stream on their way to the caller. */
import type { ByteText } from '../foundation/byte-text.ts';
import type { EventSink } from '../foundation/operation.ts';

/** Writes to `sink`, with every event noted before it is written, and `finish` called once the last one was. */
export function notingSink(sink: EventSink, { note, finish }: { readonly note: (event: ByteText) => void; readonly finish: () => void }): EventSink {
  return {
    write(event) {
      note(event);
      return sink.write(event);
    },
    cork: () => { sink.cork(); },
    uncork: () => { sink.uncork(); },
    onDrain: (resume) => { sink.onDrain(resume); },
    end(event) {
      if (event !== undefined) note(event);
      sink.end(event);
      finish();
    },
  };
}
