/** This file reads the spans of an OTLP export in protobuf (opentelemetry-proto, trace/v1/trace.proto), by the numbers of its fields. */
import type { AttributeValue, ReceivedSpan } from './otlp-received.ts';

/** One field: a whole number, 8 or 4 bytes, or bytes with a length. */
interface Field {
  readonly number: number;
  readonly value: bigint;
  readonly bytes: Buffer;
}

function readVarint(bytes: Buffer, from: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = from, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('the message is cut off');
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    const [number, type] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    at = tag.next;
    if (type === 0) {
      const { value, next } = readVarint(bytes, at);
      fields.push({ number, value, bytes: Buffer.alloc(0) });
      at = next;
      continue;
    }
    const { value, next } = type === 2 ? readVarint(bytes, at) : { value: type === 1 ? 8n : 4n, next: at };
    const content = bytes.subarray(next, next + Number(value));
    fields.push({ number, value: type === 1 ? content.readBigUInt64LE() : 0n, bytes: content });
    at = next + Number(value);
  }
  return fields;
}

function all(fields: readonly Field[], number: number): Field[] {
  return fields.filter((field) => field.number === number);
}

function textOf(fields: readonly Field[], number: number, encoding: 'utf8' | 'hex' = 'utf8'): string {
  return all(fields, number)[0]?.bytes.toString(encoding) ?? '';
}

function numberOf(fields: readonly Field[], number: number): number {
  return Number(all(fields, number)[0]?.value ?? 0n);
}

/** AnyValue: 1 string, 2 bool, 3 int, 4 double, 5 array. */
function valueOf(bytes: Buffer): AttributeValue {
  const [field] = fieldsOf(bytes);
  switch (field?.number) {
    case 1: return field.bytes.toString('utf8');
    case 2: return field.value === 1n;
    case 3: return Number(BigInt.asIntN(64, field.value));
    case 4: return field.bytes.readDoubleLE();
    case 5: return all(fieldsOf(field.bytes), 1).map((each) => valueOf(each.bytes));
    default: return '';
  }
}

function attributesOf(fields: readonly Field[]): Record<string, AttributeValue> {
  return Object.fromEntries(fields.map(({ bytes }) => {
    const pair = fieldsOf(bytes);
    return [textOf(pair, 1), valueOf(all(pair, 2)[0]?.bytes ?? Buffer.alloc(0))];
  }));
}

const NANOSECONDS_PER_MS = 1e6;

/** Reads an ExportTraceServiceRequest. */
export function readSpans(body: Buffer): ReceivedSpan[] {
  return all(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const parts = fieldsOf(resourceSpans.bytes);
    const resource = attributesOf(all(fieldsOf(all(parts, 1)[0]?.bytes ?? Buffer.alloc(0)), 1));
    return all(parts, 2).flatMap((scope) => all(fieldsOf(scope.bytes), 2)).map(({ bytes }) => {
      const span = fieldsOf(bytes);
      return {
        traceId: textOf(span, 1, 'hex'), spanId: textOf(span, 2, 'hex'), parentSpanId: textOf(span, 4, 'hex'), name: textOf(span, 5), kind: numberOf(span, 6),
        startMs: numberOf(span, 7) / NANOSECONDS_PER_MS, endMs: numberOf(span, 8) / NANOSECONDS_PER_MS,
        status: numberOf(fieldsOf(all(span, 15)[0]?.bytes ?? Buffer.alloc(0)), 3), attributes: attributesOf(all(span, 9)), resource,
      };
    });
  });
}
