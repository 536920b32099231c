/** This file is the registry of handlers: an operation of the contract that is missing here does not compile. */
import type { Handlers } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import * as adminAuditLog from './admin-audit-log.ts';
import * as adminKeys from './admin-keys.ts';
import * as adminLedger from './admin-ledger.ts';
import * as adminModels from './admin-models.ts';
import * as adminPlans from './admin-plans.ts';
import * as adminProviders from './admin-providers.ts';
import * as adminRollouts from './admin-rollouts.ts';
import * as adminTargets from './admin-targets.ts';
import * as adminRoutes from './admin-routes.ts';
import * as adminUsers from './admin-users.ts';
import * as adminWorkspaces from './admin-workspaces.ts';
import * as audio from './audio.ts';
import * as balance from './balance.ts';
import * as budgets from './budgets.ts';
import * as chatCompletions from './chat-completions.ts';
import * as completions from './completions.ts';
import * as embeddings from './embeddings.ts';
import * as evals from './evals.ts';
import * as images from './images.ts';
import * as keys from './keys.ts';
import * as ledger from './ledger.ts';
import * as limits from './limits.ts';
import * as members from './members.ts';
import * as models from './models.ts';
import * as native from './native.ts';
import * as openapi from './openapi.ts';
import * as providerKeys from './provider-keys.ts';
import * as receiptKeys from './receipt-keys.ts';
import * as reports from './reports.ts';
import * as requests from './requests.ts';
import * as responses from './responses.ts';
import * as routes from './routes.ts';
import * as usage from './usage.ts';
import * as videos from './videos.ts';
import * as webhooks from './webhooks.ts';
import * as workspaces from './workspaces.ts';

export const handlers = {
  ...adminAuditLog,
  ...adminKeys,
  ...adminLedger,
  ...adminModels,
  ...adminPlans,
  ...adminProviders,
  ...adminRollouts,
  ...adminTargets,
  ...adminRoutes,
  ...adminUsers,
  ...adminWorkspaces,
  ...audio,
  ...balance,
  ...budgets,
  ...evals,
  ...chatCompletions,
  ...completions,
  ...embeddings,
  ...images,
  ...keys,
  ...ledger,
  ...limits,
  ...members,
  ...models,
  ...native,
  ...openapi,
  ...providerKeys,
  ...receiptKeys,
  ...reports,
  ...requests,
  ...responses,
  ...routes,
  ...usage,
  ...videos,
  ...webhooks,
  ...workspaces,
} satisfies Handlers<House>;
