/** This file stands in for Stripe's API: it makes checkout sessions and remembers what it was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeStripe {
  /** For STRIPE_API_BASE. */
  readonly url: string;
  /** The form fields of each checkout session asked for, oldest first. */
  readonly sessions: readonly Readonly<Record<string, string>>[];
  /** Whether it answers with an error of its own from now on. */
  fail(isFailing: boolean): void;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function startFakeStripe(): Promise<FakeStripe> {
  const sessions: Record<string, string>[] = [];
  let isFailing = false;
  const server = createServer((request, response) => {
    let form = '';
    request.on('data', (bytes: Buffer) => { form += bytes.toString('utf8'); });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (isFailing || request.url !== '/v1/checkout/sessions') {
        response.statusCode = isFailing ? 402 : 404;
        response.end(JSON.stringify({ error: { type: 'invalid_request_error', message: 'no' } }));
        return;
      }
      const fields = Object.fromEntries(new URLSearchParams(form));
      sessions.push(fields);
      const id = `cs_test_${sessions.length}`;
      response.end(JSON.stringify({ id, object: 'checkout.session', url: `https://checkout.stripe.com/c/pay/${id}`, status: 'open', payment_status: 'unpaid' }));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    fail(value) { isFailing = value; },
    close: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
}
