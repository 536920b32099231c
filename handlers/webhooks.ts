/** This file answers what payment providers tell. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';

/** Takes an event that Stripe has signed; without a secret there is nothing here. */
export async function receiveStripeEvent(call: Call<'receiveStripeEvent'>, house: House): Promise<Reply<'receiveStripeEvent'>> {
  const { payments } = house;
  if (!payments) return fail('unknown_url');
  const signature = call.headers['stripe-signature'];
  const credited = await payments.takeEvent(call.bodyText, typeof signature === 'string' ? signature : undefined);
  return { status: 200, json: { received: true, credited } };
}
