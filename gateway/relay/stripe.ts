/** This file is the payment provider Stripe: Checkout Sessions and their signed events. https://docs.stripe.com/checkout and https://docs.stripe.com/webhooks, read 2026-11. */
import type Stripe from 'stripe';
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import { isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { NANO_PER_CENT, formatUsd } from '../metering/topups.ts';
import type { Checkout, PaymentProvider, ProviderEvent } from './payments.ts';

export interface StripeOptions {
  readonly secretKey: string;
  readonly webhookSecret: string;
  /** Another address of the API, for tests; null for Stripe itself. */
  readonly apiBase: string | null;
  readonly clock: Pick<Clock, 'now'>;
}

/** An event that was signed longer ago is somebody's copy: Stripe's own default, in seconds. */
const TOLERANCE_SECONDS = 300;
const TIMEOUT_MS = 10_000;
const RETRIES_MAX = 1;

/** A session is paid when it is completed with the money there, or when the money has come later. */
const PAID_EVENTS: ReadonlySet<string> = new Set(['checkout.session.completed', 'checkout.session.async_payment_succeeded']);
const TAKEN_BACK = /^(?:charge\.refunded|charge\.dispute\.|refund\.created)/;
/** Of keys for real money. */
const LIVE_KEY = /^[rs]k_live_/;
const SECRET = /^\S+$/;

/** What the environment says of Stripe. */
export interface StripeSettings {
  readonly secretKey: string | undefined;
  readonly webhookSecret: string | undefined;
  readonly apiBase: string | undefined;
}

/**
 * Opens Stripe as it is configured. Null where one of the two secrets is missing, blank or has a space in it: then nothing a webhook says can be believed,
 * and nothing may be sold that would never be credited.
 */
export function openStripe({ secretKey = '', webhookSecret = '', apiBase = '' }: StripeSettings, clock: StripeOptions['clock']): PaymentProvider | null {
  if (!SECRET.test(secretKey) || !SECRET.test(webhookSecret)) return null;
  return createStripeProvider({ secretKey, webhookSecret, apiBase: apiBase === '' ? null : apiBase, clock });
}

/** Makes the provider. The package is loaded when it is first needed: a gateway nobody pays at has no use for it. */
export function createStripeProvider(options: StripeOptions): PaymentProvider {
  let client: Promise<Stripe> | null = null;
  const open = (): Promise<Stripe> => client ??= openClient(options);
  return {
    name: 'stripe',
    async createCheckout(checkout) {
      try {
        const session = await (await open()).checkout.sessions.create(sessionOf(checkout), { idempotencyKey: checkout.topupId });
        if (session.url === null) throw new Error('a session without an address');
        return session.url;
      } catch (cause) {
        return fail('payment_provider_failed', { cause, detail: 'no checkout session was made' });
      }
    },
    async readEvent(body, signature) {
      if (signature === undefined) fail('invalid_signature', { detail: 'there is no signature' });
      const { signature: signatures } = (await open()).webhooks;
      if (!signatures) throw new Error('the stripe package has no signatures');
      try {
        // In ms of the injected clock; the package's own declaration leaves the unit open.
        await signatures.verifyHeaderAsync(body, signature, options.webhookSecret, TOLERANCE_SECONDS, undefined, options.clock.now());
      } catch (cause) {
        fail('invalid_signature', { cause });
      }
      return readEvent(parseJson(body), LIVE_KEY.test(options.secretKey));
    },
  };
}

async function openClient({ secretKey, apiBase }: StripeOptions): Promise<Stripe> {
  const { default: StripeClient } = await import('stripe');
  const address = apiBase === null ? {} : addressOf(new URL(apiBase));
  return new StripeClient(secretKey, { ...address, timeout: TIMEOUT_MS, maxNetworkRetries: RETRIES_MAX, telemetry: false });
}

function addressOf(url: URL): { host: string; port: number; protocol: 'http' | 'https' } {
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { host: url.hostname, port: Number(url.port === '' ? (protocol === 'http' ? 80 : 443) : url.port), protocol };
}

/** The page's own terms travel with it and come back signed, so that a change of the fee in between changes nothing that was agreed. */
function sessionOf({ topupId, workspaceId, amounts, successUrl, cancelUrl }: Checkout): Stripe.Checkout.SessionCreateParams {
  const metadata = {
    interline_topup: topupId,
    interline_workspace: workspaceId,
    interline_pays: String(amounts.pays),
    interline_fee: String(amounts.fee),
    interline_credits: String(amounts.credits),
  };
  return {
    mode: 'payment',
    client_reference_id: workspaceId,
    success_url: successUrl,
    cancel_url: cancelUrl,
    metadata,
    payment_intent_data: { metadata },
    line_items: [{
      quantity: 1,
      price_data: {
        currency: 'usd',
        unit_amount: Number(amounts.pays / NANO_PER_CENT),
        product_data: { name: `${formatUsd(amounts.credits)} USD of prepaid balance` },
      },
    }],
  };
}

function readEvent(event: unknown, isLive: boolean): ProviderEvent {
  const type = stringAt(event, 'type') ?? '';
  const eventId = stringAt(event, 'id') ?? '';
  const subject = objectAt(objectAt(event, 'data'), 'object');
  if (TAKEN_BACK.test(type)) return { kind: 'taken_back', eventId, detail: takenBack(type, subject) };
  const metadata = objectAt(subject, 'metadata');
  // Somebody else may sell at the same account: those sessions are none of ours.
  if (!PAID_EVENTS.has(type) || !subject || stringAt(metadata, 'interline_topup') === null) return { kind: 'other' };
  // A bank takes days for some payments: their money is told in an event of its own.
  if (subject['payment_status'] === 'unpaid') return { kind: 'other' };
  const fault = faultOf(subject, isLive && !isLiveEvent(event));
  return fault === null ? readPaid(subject, eventId) : { kind: 'fault', eventId, detail: fault };
}

function isLiveEvent(event: unknown): boolean {
  return isJsonObject(event) && event['livemode'] === true;
}

function takenBack(type: string, subject: JsonObject | null): string {
  const named = ['charge', 'payment_intent', 'id'].flatMap((field) => stringAt(subject, field) ?? []);
  return `${type}: ${named[0] ?? 'unknown'} of ${stringAt(objectAt(subject, 'metadata'), 'interline_workspace') ?? 'an unnamed workspace'}`;
}

/** What a session of ours must be, beyond its amounts. */
function faultOf(session: JsonObject, isPlayMoney: boolean): string | null {
  if (isPlayMoney) return 'paid with play money';
  if (session['mode'] !== 'payment') return `its mode is ${String(session['mode'])}`;
  if (session['payment_status'] !== 'paid') return `its payment status is ${String(session['payment_status'])}`;
  const workspaceId = stringAt(objectAt(session, 'metadata'), 'interline_workspace');
  if (workspaceId === null || stringAt(session, 'client_reference_id') !== workspaceId) return 'it names two workspaces, or none';
  return stringAt(session, 'id') === null ? 'it has no id' : null;
}

function readPaid(session: JsonObject, eventId: string): ProviderEvent {
  const metadata = objectAt(session, 'metadata');
  return {
    kind: 'paid',
    eventId,
    paymentId: `stripe:${stringAt(session, 'id') ?? ''}`,
    topupId: stringAt(metadata, 'interline_topup') ?? '',
    workspaceId: stringAt(metadata, 'interline_workspace') ?? '',
    paidNanoUsd: toWhole(session['amount_total']) * NANO_PER_CENT,
    currency: stringAt(session, 'currency') ?? 'nothing',
    expected: { pays: toWhole(metadata?.['interline_pays']), fee: toWhole(metadata?.['interline_fee']), credits: toWhole(metadata?.['interline_credits']) },
  };
}

/** A whole number from 0 up, however it is written; -1 for what is none, which agrees with nothing. */
function toWhole(value: unknown): bigint {
  const isWhole = (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) || (typeof value === 'string' && /^[0-9]{1,18}$/.test(value));
  return isWhole ? BigInt(value) : -1n;
}
