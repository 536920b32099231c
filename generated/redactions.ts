/** This file is generated from the `x-redact` marks of spec/schemas by `npm run generate`; do not edit it. */
import type { OperationId } from './operations.ts';

/** Body paths that must never be logged; `*` stands for any index or name. */
export interface Redactions {
  readonly body: readonly string[];
  readonly replies: readonly string[];
}

export const redactions: { readonly [Id in OperationId]: Redactions } = {
  createChatCompletion: {
    body: [
      'messages.*.content',
      'messages.*.function_call.arguments',
      'messages.*.refusal',
      'messages.*.tool_calls.*.custom.input',
      'messages.*.tool_calls.*.function.arguments',
      'prediction.content',
      'safety_identifier',
      'user',
    ],
    replies: [
      'choices.*.delta.content',
      'choices.*.delta.function_call.arguments',
      'choices.*.delta.reasoning',
      'choices.*.delta.reasoning_content',
      'choices.*.delta.refusal',
      'choices.*.delta.tool_calls.*.custom.input',
      'choices.*.delta.tool_calls.*.function.arguments',
      'choices.*.logprobs.content.*.token',
      'choices.*.logprobs.content.*.top_logprobs.*.token',
      'choices.*.logprobs.refusal.*.token',
      'choices.*.logprobs.refusal.*.top_logprobs.*.token',
      'choices.*.message.audio.data',
      'choices.*.message.audio.transcript',
      'choices.*.message.content',
      'choices.*.message.function_call.arguments',
      'choices.*.message.reasoning',
      'choices.*.message.reasoning_content',
      'choices.*.message.refusal',
      'choices.*.message.tool_calls.*.custom.input',
      'choices.*.message.tool_calls.*.function.arguments',
    ],
  },
  createCompletion: {
    body: [
      'prompt',
      'prompt.*',
      'prompt.*.*',
      'suffix',
    ],
    replies: [
      'choices.*.logprobs.tokens.*',
      'choices.*.logprobs.top_logprobs.*',
      'choices.*.text',
    ],
  },
  createEmbedding: {
    body: [
      'input',
      'input.*',
      'input.*.*',
    ],
    replies: [
      'data.*.embedding',
      'data.*.embedding.*',
    ],
  },
  createTranscription: {
    body: [
      'keywords.*',
      'known_speaker_names.*',
      'known_speaker_references.*',
      'prompt',
    ],
    replies: [
      '',
      'delta',
      'logprobs.*.token',
      'segments.*.speaker',
      'segments.*.text',
      'speaker',
      'text',
      'words.*.word',
    ],
  },
  createSpeech: {
    body: [
      'input',
      'instructions',
    ],
    replies: [
      'audio',
    ],
  },
  listModels: {
    body: [],
    replies: [],
  },
  retrieveModel: {
    body: [],
    replies: [],
  },
  listKeys: {
    body: [],
    replies: [],
  },
  createKey: {
    body: [],
    replies: [
      'secret',
    ],
  },
  retrieveKey: {
    body: [],
    replies: [],
  },
  updateKey: {
    body: [],
    replies: [],
  },
  deleteKey: {
    body: [],
    replies: [],
  },
  listUsage: {
    body: [],
    replies: [],
  },
  listWorkspaces: {
    body: [],
    replies: [],
  },
  retrieveWorkspace: {
    body: [],
    replies: [],
  },
  updateWorkspace: {
    body: [],
    replies: [],
  },
  listMembers: {
    body: [],
    replies: [],
  },
  addMember: {
    body: [],
    replies: [],
  },
  retrieveMember: {
    body: [],
    replies: [],
  },
  updateMember: {
    body: [],
    replies: [],
  },
  removeMember: {
    body: [],
    replies: [],
  },
  listBudgets: {
    body: [],
    replies: [],
  },
  createBudget: {
    body: [],
    replies: [],
  },
  retrieveBudget: {
    body: [],
    replies: [],
  },
  updateBudget: {
    body: [],
    replies: [],
  },
  deleteBudget: {
    body: [],
    replies: [],
  },
  retrieveBalance: {
    body: [],
    replies: [],
  },
  createTopup: {
    body: [],
    replies: [],
  },
  getStatement: {
    body: [],
    replies: [],
  },
  listLedger: {
    body: [],
    replies: [],
  },
  listLimits: {
    body: [],
    replies: [],
  },
  listProviderKeys: {
    body: [],
    replies: [],
  },
  createProviderKey: {
    body: [
      'key',
    ],
    replies: [],
  },
  retrieveProviderKey: {
    body: [],
    replies: [],
  },
  deleteProviderKey: {
    body: [],
    replies: [],
  },
  retrieveRequest: {
    body: [],
    replies: [],
  },
  listReceiptKeys: {
    body: [],
    replies: [],
  },
  receiveStripeEvent: {
    body: [],
    replies: [],
  },
  listUsers: {
    body: [],
    replies: [],
  },
  createUser: {
    body: [],
    replies: [],
  },
  retrieveUser: {
    body: [],
    replies: [],
  },
  updateUser: {
    body: [],
    replies: [],
  },
  createUserKey: {
    body: [],
    replies: [
      'secret',
    ],
  },
  listAllWorkspaces: {
    body: [],
    replies: [],
  },
  createWorkspace: {
    body: [],
    replies: [],
  },
  retrieveAnyWorkspace: {
    body: [],
    replies: [],
  },
  updateAnyWorkspace: {
    body: [],
    replies: [],
  },
  listPlans: {
    body: [],
    replies: [],
  },
  retrievePlan: {
    body: [],
    replies: [],
  },
  putPlan: {
    body: [],
    replies: [],
  },
  deletePlan: {
    body: [],
    replies: [],
  },
  listModelEntries: {
    body: [],
    replies: [],
  },
  retrieveModelEntry: {
    body: [],
    replies: [],
  },
  putModelEntry: {
    body: [],
    replies: [],
  },
  deleteModelEntry: {
    body: [],
    replies: [],
  },
  listProviderEntries: {
    body: [],
    replies: [],
  },
  retrieveProviderEntry: {
    body: [],
    replies: [],
  },
  putProviderEntry: {
    body: [],
    replies: [],
  },
  deleteProviderEntry: {
    body: [],
    replies: [],
  },
  createGrant: {
    body: [],
    replies: [],
  },
  createAdjustment: {
    body: [],
    replies: [],
  },
  createRefund: {
    body: [],
    replies: [],
  },
  checkLedger: {
    body: [],
    replies: [],
  },
  getOpenapiYaml: {
    body: [],
    replies: [],
  },
  getOpenapiJson: {
    body: [],
    replies: [],
  },
};
