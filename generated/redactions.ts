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
  createImage: {
    body: [
      'prompt',
      'user',
    ],
    replies: [
      'b64_json',
      'data.*.b64_json',
      'data.*.revised_prompt',
    ],
  },
  createImageEdit: {
    body: [
      'prompt',
      'user',
    ],
    replies: [
      'b64_json',
      'data.*.b64_json',
      'data.*.revised_prompt',
    ],
  },
  retrieveImageContent: {
    body: [],
    replies: [],
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
  createResponse: {
    body: [
      'input',
      'instructions',
      'safety_identifier',
      'user',
    ],
    replies: [
      'annotation.title',
      'annotation.url',
      'arguments',
      'delta',
      'input',
      'instructions',
      'item.arguments',
      'item.content.*.annotations.*.title',
      'item.content.*.annotations.*.url',
      'item.content.*.logprobs.*.token',
      'item.content.*.logprobs.*.top_logprobs.*.token',
      'item.content.*.refusal',
      'item.content.*.text',
      'item.encrypted_content',
      'item.input',
      'item.summary.*.text',
      'logprobs.*.token',
      'logprobs.*.top_logprobs.*.token',
      'output.*.arguments',
      'output.*.content.*.annotations.*.title',
      'output.*.content.*.annotations.*.url',
      'output.*.content.*.logprobs.*.token',
      'output.*.content.*.logprobs.*.top_logprobs.*.token',
      'output.*.content.*.refusal',
      'output.*.content.*.text',
      'output.*.encrypted_content',
      'output.*.input',
      'output.*.summary.*.text',
      'part.annotations.*.title',
      'part.annotations.*.url',
      'part.logprobs.*.token',
      'part.logprobs.*.top_logprobs.*.token',
      'part.refusal',
      'part.text',
      'refusal',
      'response.instructions',
      'response.output.*.arguments',
      'response.output.*.content.*.annotations.*.title',
      'response.output.*.content.*.annotations.*.url',
      'response.output.*.content.*.logprobs.*.token',
      'response.output.*.content.*.logprobs.*.top_logprobs.*.token',
      'response.output.*.content.*.refusal',
      'response.output.*.content.*.text',
      'response.output.*.encrypted_content',
      'response.output.*.input',
      'response.output.*.summary.*.text',
      'response.safety_identifier',
      'response.user',
      'safety_identifier',
      'text',
      'user',
    ],
  },
  countResponseInputTokens: {
    body: [
      'input',
      'instructions',
    ],
    replies: [],
  },
  retrieveResponse: {
    body: [],
    replies: [
      'annotation.title',
      'annotation.url',
      'arguments',
      'delta',
      'input',
      'instructions',
      'item.arguments',
      'item.content.*.annotations.*.title',
      'item.content.*.annotations.*.url',
      'item.content.*.logprobs.*.token',
      'item.content.*.logprobs.*.top_logprobs.*.token',
      'item.content.*.refusal',
      'item.content.*.text',
      'item.encrypted_content',
      'item.input',
      'item.summary.*.text',
      'logprobs.*.token',
      'logprobs.*.top_logprobs.*.token',
      'output.*.arguments',
      'output.*.content.*.annotations.*.title',
      'output.*.content.*.annotations.*.url',
      'output.*.content.*.logprobs.*.token',
      'output.*.content.*.logprobs.*.top_logprobs.*.token',
      'output.*.content.*.refusal',
      'output.*.content.*.text',
      'output.*.encrypted_content',
      'output.*.input',
      'output.*.summary.*.text',
      'part.annotations.*.title',
      'part.annotations.*.url',
      'part.logprobs.*.token',
      'part.logprobs.*.top_logprobs.*.token',
      'part.refusal',
      'part.text',
      'refusal',
      'response.instructions',
      'response.output.*.arguments',
      'response.output.*.content.*.annotations.*.title',
      'response.output.*.content.*.annotations.*.url',
      'response.output.*.content.*.logprobs.*.token',
      'response.output.*.content.*.logprobs.*.top_logprobs.*.token',
      'response.output.*.content.*.refusal',
      'response.output.*.content.*.text',
      'response.output.*.encrypted_content',
      'response.output.*.input',
      'response.output.*.summary.*.text',
      'response.safety_identifier',
      'response.user',
      'safety_identifier',
      'text',
      'user',
    ],
  },
  deleteResponse: {
    body: [],
    replies: [],
  },
  cancelResponse: {
    body: [],
    replies: [
      'instructions',
      'output.*.arguments',
      'output.*.content.*.annotations.*.title',
      'output.*.content.*.annotations.*.url',
      'output.*.content.*.logprobs.*.token',
      'output.*.content.*.logprobs.*.top_logprobs.*.token',
      'output.*.content.*.refusal',
      'output.*.content.*.text',
      'output.*.encrypted_content',
      'output.*.input',
      'output.*.summary.*.text',
      'safety_identifier',
      'user',
    ],
  },
  listResponseInputItems: {
    body: [],
    replies: [
      'data.*.arguments',
      'data.*.content',
      'data.*.content.*.text',
      'data.*.encrypted_content',
      'data.*.input',
      'data.*.output',
      'data.*.summary.*.text',
    ],
  },
  listVideos: {
    body: [],
    replies: [
      'data.*.prompt',
    ],
  },
  createVideo: {
    body: [
      'endFrame',
      'inputReference',
      'input_reference',
      'prompt',
      'referenceImages.*',
      'referenceVideos.*',
    ],
    replies: [
      'prompt',
    ],
  },
  retrieveVideo: {
    body: [],
    replies: [
      'prompt',
    ],
  },
  deleteVideo: {
    body: [],
    replies: [],
  },
  retrieveVideoContent: {
    body: [],
    replies: [],
  },
  getNative: {
    body: [],
    replies: [],
  },
  postNative: {
    body: [],
    replies: [],
  },
  deleteNative: {
    body: [],
    replies: [],
  },
  listModels: {
    body: [],
    replies: [],
  },
  retrieveModel: {
    body: [],
    replies: [],
  },
  listRoutes: {
    body: [],
    replies: [],
  },
  explainRoute: {
    body: [
      'request.input',
      'request.input.*',
      'request.input.*.*',
      'request.instructions',
      'request.messages.*.content',
      'request.messages.*.function_call.arguments',
      'request.messages.*.refusal',
      'request.messages.*.tool_calls.*.custom.input',
      'request.messages.*.tool_calls.*.function.arguments',
      'request.prediction.content',
      'request.safety_identifier',
      'request.user',
    ],
    replies: [],
  },
  retrieveRoute: {
    body: [],
    replies: [],
  },
  putRoute: {
    body: [],
    replies: [],
  },
  deleteRoute: {
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
  retrieveReport: {
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
  retrieveCachedReplies: {
    body: [],
    replies: [],
  },
  deleteCachedReplies: {
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
  listRequests: {
    body: [],
    replies: [],
  },
  exportRequests: {
    body: [],
    replies: [],
  },
  deleteRequestBodies: {
    body: [],
    replies: [],
  },
  retrieveRequest: {
    body: [],
    replies: [],
  },
  retrieveRequestBody: {
    body: [],
    replies: [
      'reply.text',
      'request.text',
      'shadow.text',
    ],
  },
  deleteRequestBody: {
    body: [],
    replies: [],
  },
  listEvals: {
    body: [],
    replies: [
      'data.*.checks.*.rubric',
      'data.*.checks.*.value',
    ],
  },
  createEval: {
    body: [
      'checks.*.rubric',
      'checks.*.value',
      'items.*.checks.*.rubric',
      'items.*.checks.*.value',
      'items.*.prompt',
      'items.*.request.messages.*.content',
      'items.*.request.messages.*.function_call.arguments',
      'items.*.request.messages.*.refusal',
      'items.*.request.messages.*.tool_calls.*.custom.input',
      'items.*.request.messages.*.tool_calls.*.function.arguments',
    ],
    replies: [
      'checks.*.rubric',
      'checks.*.value',
    ],
  },
  retrieveEval: {
    body: [],
    replies: [
      'checks.*.rubric',
      'checks.*.value',
    ],
  },
  updateEval: {
    body: [
      'checks.*.rubric',
      'checks.*.value',
    ],
    replies: [
      'checks.*.rubric',
      'checks.*.value',
    ],
  },
  deleteEval: {
    body: [],
    replies: [],
  },
  listEvalItems: {
    body: [],
    replies: [
      'data.*.checks.*.rubric',
      'data.*.checks.*.value',
      'data.*.request.messages.*.content',
      'data.*.request.messages.*.function_call.arguments',
      'data.*.request.messages.*.refusal',
      'data.*.request.messages.*.tool_calls.*.custom.input',
      'data.*.request.messages.*.tool_calls.*.function.arguments',
    ],
  },
  addEvalItems: {
    body: [
      'checks.*.rubric',
      'checks.*.value',
      'items.*.checks.*.rubric',
      'items.*.checks.*.value',
      'items.*.prompt',
      'items.*.request.messages.*.content',
      'items.*.request.messages.*.function_call.arguments',
      'items.*.request.messages.*.refusal',
      'items.*.request.messages.*.tool_calls.*.custom.input',
      'items.*.request.messages.*.tool_calls.*.function.arguments',
      'jsonl',
    ],
    replies: [],
  },
  deleteEvalItem: {
    body: [],
    replies: [],
  },
  listEvalRuns: {
    body: [],
    replies: [],
  },
  createEvalRun: {
    body: [],
    replies: [],
  },
  retrieveEvalRun: {
    body: [],
    replies: [],
  },
  cancelEvalRun: {
    body: [],
    replies: [],
  },
  resumeEvalRun: {
    body: [],
    replies: [],
  },
  listEvalResults: {
    body: [],
    replies: [
      'data.*.checks.*.detail',
      'data.*.output',
      'data.*.tool_calls.*.arguments',
    ],
  },
  retrieveEvalSummary: {
    body: [],
    replies: [],
  },
  exportEvalResults: {
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
  putRouteEntry: {
    body: [],
    replies: [],
  },
  deleteRouteEntry: {
    body: [],
    replies: [],
  },
  listProviderEntries: {
    body: [],
    replies: [
      'data.*.provider.headers.*',
    ],
  },
  retrieveProviderEntry: {
    body: [],
    replies: [
      'provider.headers.*',
    ],
  },
  putProviderEntry: {
    body: [
      'headers.*',
    ],
    replies: [
      'provider.headers.*',
    ],
  },
  deleteProviderEntry: {
    body: [],
    replies: [],
  },
  listTargets: {
    body: [],
    replies: [],
  },
  listRollouts: {
    body: [],
    replies: [],
  },
  createRollout: {
    body: [],
    replies: [],
  },
  retrieveRollout: {
    body: [],
    replies: [],
  },
  updateRollout: {
    body: [],
    replies: [],
  },
  deleteRollout: {
    body: [],
    replies: [],
  },
  promoteRollout: {
    body: [],
    replies: [],
  },
  rollBackRollout: {
    body: [],
    replies: [],
  },
  compareRollout: {
    body: [],
    replies: [],
  },
  listAuditLog: {
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
