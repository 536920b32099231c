/** This file is generated from spec/paths by `npm run generate`; do not edit it. */
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ContractDocument,
  ContractYaml,
  CreateKeyRequest,
  CreatedKey,
  DeleteKeyData,
  DeletedKey,
  ErrorResponse,
  Key,
  KeyList,
  ListKeysData,
  ListUsageData,
  Model,
  ModelList,
  RetrieveKeyData,
  RetrieveModelData,
  UpdateKeyData,
  UpdateKeyRequest,
  UsageList,
} from './client/types.gen.ts';

/** What each operation takes and answers, by operationId. */
export interface Operations {
  readonly createChatCompletion: {
    readonly body: ChatCompletionRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ChatCompletion;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: ChatCompletionChunk | ErrorResponse;
  };
  readonly listModels: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ModelList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveModel: {
    readonly body: undefined;
    readonly path: RetrieveModelData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Model;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listKeys: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListKeysData['query']>;
    readonly replies: {
      readonly 200: KeyList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createKey: {
    readonly body: CreateKeyRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: CreatedKey;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveKey: {
    readonly body: undefined;
    readonly path: RetrieveKeyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Key;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly updateKey: {
    readonly body: UpdateKeyRequest;
    readonly path: UpdateKeyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Key;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly deleteKey: {
    readonly body: undefined;
    readonly path: DeleteKeyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedKey;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listUsage: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListUsageData['query']>;
    readonly replies: {
      readonly 200: UsageList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly getOpenapiYaml: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ContractYaml;
      readonly 400: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly getOpenapiJson: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ContractDocument;
      readonly 400: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
}

export type OperationId = keyof Operations;

/** What the door has to know of an operation before its handler runs. */
export interface OperationEntry {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  /** The resource, which is also the name of the handler's file. */
  readonly tag: string;
  /** The unit in which the operation is counted. */
  readonly meter: 'tokens' | 'none';
  /** The scope a key needs; `none` where no key is needed. */
  readonly scope: 'inference' | 'management' | 'none';
  readonly statuses: readonly number[];
  readonly hasBody: boolean;
  /** Whether the body may carry inline images, audio and files. */
  readonly maxBody?: 'json' | 'media';
}

export const operations: { readonly [Id in OperationId]: OperationEntry } = {
  createChatCompletion: {
    method: 'post',
    path: '/chat/completions',
    tag: 'chat-completions',
    meter: 'tokens',
    scope: 'inference',
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    maxBody: 'media',
  },
  listModels: {
    method: 'get',
    path: '/models',
    tag: 'models',
    meter: 'none',
    scope: 'inference',
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
  },
  retrieveModel: {
    method: 'get',
    path: '/models/{model}',
    tag: 'models',
    meter: 'none',
    scope: 'inference',
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
  },
  listKeys: {
    method: 'get',
    path: '/keys',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
  },
  createKey: {
    method: 'post',
    path: '/keys',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    statuses: [201, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    maxBody: 'json',
  },
  retrieveKey: {
    method: 'get',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
  },
  updateKey: {
    method: 'patch',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    statuses: [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    maxBody: 'json',
  },
  deleteKey: {
    method: 'delete',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
  },
  listUsage: {
    method: 'get',
    path: '/usage',
    tag: 'usage',
    meter: 'none',
    scope: 'inference',
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
  },
  getOpenapiYaml: {
    method: 'get',
    path: '/openapi.yaml',
    tag: 'openapi',
    meter: 'none',
    scope: 'none',
    statuses: [200, 400, 405, 431, 500, 503],
    hasBody: false,
  },
  getOpenapiJson: {
    method: 'get',
    path: '/openapi.json',
    tag: 'openapi',
    meter: 'none',
    scope: 'none',
    statuses: [200, 400, 405, 431, 500, 503],
    hasBody: false,
  },
};
