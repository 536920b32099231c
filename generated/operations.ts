/** This file is generated from spec/paths by `npm run generate`; do not edit it. */
import type {
  AddEvalItemsData,
  AddEvalItemsRequest,
  AddMemberRequest,
  AddedEvalItems,
  AnyWorkspace,
  AnyWorkspaceList,
  AuditLog,
  Balance,
  Budget,
  BudgetList,
  Bytes,
  CachedReplies,
  CancelEvalRunData,
  CancelResponseData,
  CatalogModelChange,
  CatalogProviderChange,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  CompareRolloutData,
  Completion,
  CompletionRequest,
  ContractDocument,
  ContractYaml,
  CreateAdjustmentRequest,
  CreateBudgetRequest,
  CreateEvalRequest,
  CreateEvalRunData,
  CreateEvalRunRequest,
  CreateGrantRequest,
  CreateImageEditForm,
  CreateImageRequest,
  CreateKeyRequest,
  CreateProviderKeyRequest,
  CreateRefundRequest,
  CreateRolloutRequest,
  CreateSpeechRequest,
  CreateTopupRequest,
  CreateTranscriptionForm,
  CreateUserKeyRequest,
  CreateUserRequest,
  CreateVideoForm,
  CreateVideoRequest,
  CreateWorkspaceRequest,
  CreatedKey,
  DeleteBudgetData,
  DeleteCachedRepliesData,
  DeleteEvalData,
  DeleteEvalItemData,
  DeleteKeyData,
  DeleteModelEntryData,
  DeleteNativeData,
  DeletePlanData,
  DeleteProviderEntryData,
  DeleteProviderKeyData,
  DeleteRequestBodyData,
  DeleteResponseData,
  DeleteRolloutData,
  DeleteRouteData,
  DeleteRouteEntryData,
  DeleteVideoData,
  DeletedBudget,
  DeletedCachedReplies,
  DeletedEntry,
  DeletedEval,
  DeletedKey,
  DeletedProviderKey,
  DeletedRequestBodies,
  DeletedRequestBody,
  DeletedResponse,
  DeletedRollout,
  DeletedVideo,
  EmbeddingList,
  EmbeddingRequest,
  ErrorResponse,
  EvalItemList,
  EvalList,
  EvalResultList,
  EvalResultsCsv,
  EvalRun,
  EvalRunList,
  EvalSet,
  EvalSummary,
  ExplainRequest,
  ExportEvalResultsData,
  ExportRequestsData,
  GetNativeData,
  GetStatementData,
  ImageBytes,
  ImageEditEvent,
  ImageEvent,
  ImageList,
  Key,
  KeyList,
  LedgerCheck,
  LedgerEntry,
  LedgerList,
  LimitList,
  ListAllWorkspacesData,
  ListAuditLogData,
  ListBudgetsData,
  ListEvalItemsData,
  ListEvalResultsData,
  ListEvalRunsData,
  ListEvalsData,
  ListKeysData,
  ListLedgerData,
  ListMembersData,
  ListModelEntriesData,
  ListProviderKeysData,
  ListRequestsData,
  ListResponseInputItemsData,
  ListRolloutsData,
  ListTargetsData,
  ListUsageData,
  ListUsersData,
  ListVideosData,
  ListWorkspacesData,
  Member,
  MemberList,
  Model,
  ModelEntry,
  ModelEntryList,
  ModelList,
  NativeError,
  NativeEvent,
  NativeReply,
  NativeRequest,
  Plan,
  PlanList,
  PostNativeData,
  PromoteRolloutData,
  ProviderEntry,
  ProviderEntryList,
  ProviderKey,
  ProviderKeyList,
  PutModelEntryData,
  PutPlanData,
  PutPlanRequest,
  PutProviderEntryData,
  PutRouteData,
  PutRouteEntryData,
  Receipt,
  ReceiptKeySet,
  RemoveMemberData,
  RemovedMember,
  Report,
  RequestBodies,
  RequestLogList,
  RequestsCsv,
  ResponseEvent,
  ResponseItemList,
  ResponseRequest,
  ResponseResource,
  ResponseTokens,
  ResponseTokensRequest,
  ResumeEvalRunData,
  ResumeEvalRunRequest,
  RetrieveAnyWorkspaceData,
  RetrieveBudgetData,
  RetrieveCachedRepliesData,
  RetrieveEvalData,
  RetrieveEvalRunData,
  RetrieveEvalSummaryData,
  RetrieveImageContentData,
  RetrieveKeyData,
  RetrieveMemberData,
  RetrieveModelData,
  RetrieveModelEntryData,
  RetrievePlanData,
  RetrieveProviderEntryData,
  RetrieveProviderKeyData,
  RetrieveReportData,
  RetrieveRequestBodyData,
  RetrieveRequestData,
  RetrieveResponseData,
  RetrieveRolloutData,
  RetrieveRouteData,
  RetrieveUserData,
  RetrieveVideoContentData,
  RetrieveVideoData,
  RetrieveWorkspaceData,
  RollBackRolloutData,
  Rollout,
  RolloutComparison,
  RolloutList,
  Route,
  RouteChange,
  RouteExplanation,
  RouteList,
  SpeechAudio,
  SpeechEvent,
  Statement,
  StripeEvent,
  TargetHealthList,
  Topup,
  Transcription,
  TranscriptionEvent,
  UpdateAnyWorkspaceData,
  UpdateAnyWorkspaceRequest,
  UpdateBudgetData,
  UpdateBudgetRequest,
  UpdateEvalData,
  UpdateEvalRequest,
  UpdateKeyData,
  UpdateKeyRequest,
  UpdateMemberData,
  UpdateMemberRequest,
  UpdateRolloutData,
  UpdateRolloutRequest,
  UpdateUserData,
  UpdateUserRequest,
  UpdateWorkspaceData,
  UpdateWorkspaceRequest,
  UsageList,
  User,
  UserList,
  Video,
  VideoList,
  WebhookReceipt,
  Workspace,
  WorkspaceList,
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
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: ChatCompletionChunk | ErrorResponse;
  };
  readonly createImage: {
    readonly body: CreateImageRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ImageList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: ImageEvent | ErrorResponse;
  };
  readonly createImageEdit: {
    readonly body: Received<CreateImageEditForm>;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ImageList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: ImageEditEvent | ErrorResponse;
  };
  readonly retrieveImageContent: {
    readonly body: undefined;
    readonly path: RetrieveImageContentData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ImageBytes;
      readonly 206: ImageBytes;
      readonly 304: undefined;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 416: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createCompletion: {
    readonly body: CompletionRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Completion;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: Completion | ErrorResponse;
  };
  readonly createEmbedding: {
    readonly body: EmbeddingRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EmbeddingList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
  };
  readonly createTranscription: {
    readonly body: Received<CreateTranscriptionForm>;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Transcription;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: TranscriptionEvent | ErrorResponse;
  };
  readonly createSpeech: {
    readonly body: CreateSpeechRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: SpeechAudio;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: SpeechEvent | ErrorResponse;
  };
  readonly createResponse: {
    readonly body: ResponseRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ResponseResource;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
      readonly 504: ErrorResponse;
    };
    readonly events: ResponseEvent | ErrorResponse;
  };
  readonly countResponseInputTokens: {
    readonly body: ResponseTokensRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ResponseTokens;
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
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveResponse: {
    readonly body: undefined;
    readonly path: RetrieveResponseData['path'];
    readonly query: NonNullable<RetrieveResponseData['query']>;
    readonly replies: {
      readonly 200: ResponseResource;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
    readonly events: ResponseEvent | ErrorResponse;
  };
  readonly deleteResponse: {
    readonly body: undefined;
    readonly path: DeleteResponseData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedResponse;
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
  readonly cancelResponse: {
    readonly body: undefined;
    readonly path: CancelResponseData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ResponseResource;
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
  readonly listResponseInputItems: {
    readonly body: undefined;
    readonly path: ListResponseInputItemsData['path'];
    readonly query: NonNullable<ListResponseInputItemsData['query']>;
    readonly replies: {
      readonly 200: ResponseItemList;
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
  readonly listVideos: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListVideosData['query']>;
    readonly replies: {
      readonly 200: VideoList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createVideo: {
    readonly body: CreateVideoRequest | Received<CreateVideoForm>;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Video;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 402: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 422: ErrorResponse;
      readonly 429: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveVideo: {
    readonly body: undefined;
    readonly path: RetrieveVideoData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Video;
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
  readonly deleteVideo: {
    readonly body: undefined;
    readonly path: DeleteVideoData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedVideo;
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
  readonly retrieveVideoContent: {
    readonly body: undefined;
    readonly path: RetrieveVideoContentData['path'];
    readonly query: NonNullable<RetrieveVideoContentData['query']>;
    readonly replies: {
      readonly 200: Bytes;
      readonly 206: Bytes;
      readonly 304: undefined;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 409: ErrorResponse;
      readonly 416: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly getNative: {
    readonly body: undefined;
    readonly path: GetNativeData['path'];
    readonly query: NonNullable<GetNativeData['query']>;
    readonly replies: {
      readonly 200: NativeReply;
      readonly 400: NativeError;
      readonly 401: NativeError;
      readonly 403: NativeError;
      readonly 404: NativeError;
      readonly 405: ErrorResponse;
      readonly 429: NativeError;
      readonly 431: ErrorResponse;
      readonly 500: NativeError;
      readonly 502: NativeError;
      readonly 503: NativeError;
      readonly 504: NativeError;
    };
  };
  readonly postNative: {
    readonly body: NativeRequest;
    readonly path: PostNativeData['path'];
    readonly query: NonNullable<PostNativeData['query']>;
    readonly replies: {
      readonly 200: NativeReply;
      readonly 400: NativeError;
      readonly 401: NativeError;
      readonly 402: ErrorResponse;
      readonly 403: NativeError;
      readonly 404: NativeError;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 409: NativeError;
      readonly 413: NativeError;
      readonly 415: ErrorResponse;
      readonly 422: NativeError;
      readonly 429: NativeError;
      readonly 431: ErrorResponse;
      readonly 500: NativeError;
      readonly 502: NativeError;
      readonly 503: NativeError;
      readonly 504: NativeError;
    };
    readonly events: NativeEvent | ErrorResponse;
  };
  readonly deleteNative: {
    readonly body: undefined;
    readonly path: DeleteNativeData['path'];
    readonly query: NonNullable<DeleteNativeData['query']>;
    readonly replies: {
      readonly 200: NativeReply;
      readonly 400: NativeError;
      readonly 401: NativeError;
      readonly 403: NativeError;
      readonly 404: NativeError;
      readonly 405: ErrorResponse;
      readonly 429: NativeError;
      readonly 431: ErrorResponse;
      readonly 500: NativeError;
      readonly 502: NativeError;
      readonly 503: NativeError;
      readonly 504: NativeError;
    };
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
  readonly listRoutes: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: RouteList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly explainRoute: {
    readonly body: ExplainRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: RouteExplanation;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveRoute: {
    readonly body: undefined;
    readonly path: RetrieveRouteData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Route;
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
  readonly putRoute: {
    readonly body: RouteChange;
    readonly path: PutRouteData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Route;
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
  readonly deleteRoute: {
    readonly body: undefined;
    readonly path: DeleteRouteData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEntry;
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
      readonly 404: ErrorResponse;
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
  readonly retrieveReport: {
    readonly body: undefined;
    readonly path: RetrieveReportData['path'];
    readonly query: NonNullable<RetrieveReportData['query']>;
    readonly replies: {
      readonly 200: Report;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listWorkspaces: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListWorkspacesData['query']>;
    readonly replies: {
      readonly 200: WorkspaceList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveWorkspace: {
    readonly body: undefined;
    readonly path: RetrieveWorkspaceData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Workspace;
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
  readonly updateWorkspace: {
    readonly body: UpdateWorkspaceRequest;
    readonly path: UpdateWorkspaceData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Workspace;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveCachedReplies: {
    readonly body: undefined;
    readonly path: RetrieveCachedRepliesData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: CachedReplies;
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
  readonly deleteCachedReplies: {
    readonly body: undefined;
    readonly path: DeleteCachedRepliesData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedCachedReplies;
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
  readonly listMembers: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListMembersData['query']>;
    readonly replies: {
      readonly 200: MemberList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly addMember: {
    readonly body: AddMemberRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: Member;
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
  readonly retrieveMember: {
    readonly body: undefined;
    readonly path: RetrieveMemberData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Member;
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
  readonly updateMember: {
    readonly body: UpdateMemberRequest;
    readonly path: UpdateMemberData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Member;
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
  readonly removeMember: {
    readonly body: undefined;
    readonly path: RemoveMemberData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: RemovedMember;
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
  readonly listBudgets: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListBudgetsData['query']>;
    readonly replies: {
      readonly 200: BudgetList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createBudget: {
    readonly body: CreateBudgetRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: Budget;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveBudget: {
    readonly body: undefined;
    readonly path: RetrieveBudgetData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Budget;
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
  readonly updateBudget: {
    readonly body: UpdateBudgetRequest;
    readonly path: UpdateBudgetData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Budget;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly deleteBudget: {
    readonly body: undefined;
    readonly path: DeleteBudgetData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedBudget;
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
  readonly retrieveBalance: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Balance;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createTopup: {
    readonly body: CreateTopupRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: Topup;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly getStatement: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<GetStatementData['query']>;
    readonly replies: {
      readonly 200: Statement;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listLedger: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListLedgerData['query']>;
    readonly replies: {
      readonly 200: LedgerList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listLimits: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: LimitList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listProviderKeys: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListProviderKeysData['query']>;
    readonly replies: {
      readonly 200: ProviderKeyList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createProviderKey: {
    readonly body: CreateProviderKeyRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: ProviderKey;
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
      readonly 502: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveProviderKey: {
    readonly body: undefined;
    readonly path: RetrieveProviderKeyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ProviderKey;
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
  readonly deleteProviderKey: {
    readonly body: undefined;
    readonly path: DeleteProviderKeyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedProviderKey;
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
  readonly listRequests: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListRequestsData['query']>;
    readonly replies: {
      readonly 200: RequestLogList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly exportRequests: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ExportRequestsData['query']>;
    readonly replies: {
      readonly 200: RequestsCsv;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly deleteRequestBodies: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedRequestBodies;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveRequest: {
    readonly body: undefined;
    readonly path: RetrieveRequestData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Receipt;
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
  readonly retrieveRequestBody: {
    readonly body: undefined;
    readonly path: RetrieveRequestBodyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: RequestBodies;
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
  readonly deleteRequestBody: {
    readonly body: undefined;
    readonly path: DeleteRequestBodyData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedRequestBody;
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
  readonly listEvals: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListEvalsData['query']>;
    readonly replies: {
      readonly 200: EvalList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createEval: {
    readonly body: CreateEvalRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: EvalSet;
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
  readonly retrieveEval: {
    readonly body: undefined;
    readonly path: RetrieveEvalData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalSet;
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
  readonly updateEval: {
    readonly body: UpdateEvalRequest;
    readonly path: UpdateEvalData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalSet;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly deleteEval: {
    readonly body: undefined;
    readonly path: DeleteEvalData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEval;
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
  readonly listEvalItems: {
    readonly body: undefined;
    readonly path: ListEvalItemsData['path'];
    readonly query: NonNullable<ListEvalItemsData['query']>;
    readonly replies: {
      readonly 200: EvalItemList;
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
  readonly addEvalItems: {
    readonly body: AddEvalItemsRequest;
    readonly path: AddEvalItemsData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: AddedEvalItems;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly deleteEvalItem: {
    readonly body: undefined;
    readonly path: DeleteEvalItemData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEval;
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
  readonly listEvalRuns: {
    readonly body: undefined;
    readonly path: ListEvalRunsData['path'];
    readonly query: NonNullable<ListEvalRunsData['query']>;
    readonly replies: {
      readonly 200: EvalRunList;
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
  readonly createEvalRun: {
    readonly body: CreateEvalRunRequest;
    readonly path: CreateEvalRunData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: EvalRun;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveEvalRun: {
    readonly body: undefined;
    readonly path: RetrieveEvalRunData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalRun;
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
  readonly cancelEvalRun: {
    readonly body: undefined;
    readonly path: CancelEvalRunData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalRun;
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
  readonly resumeEvalRun: {
    readonly body: ResumeEvalRunRequest;
    readonly path: ResumeEvalRunData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalRun;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listEvalResults: {
    readonly body: undefined;
    readonly path: ListEvalResultsData['path'];
    readonly query: NonNullable<ListEvalResultsData['query']>;
    readonly replies: {
      readonly 200: EvalResultList;
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
  readonly retrieveEvalSummary: {
    readonly body: undefined;
    readonly path: RetrieveEvalSummaryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: EvalSummary;
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
  readonly exportEvalResults: {
    readonly body: undefined;
    readonly path: ExportEvalResultsData['path'];
    readonly query: NonNullable<ExportEvalResultsData['query']>;
    readonly replies: {
      readonly 200: EvalResultsCsv;
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
  readonly listReceiptKeys: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ReceiptKeySet;
      readonly 400: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly receiveStripeEvent: {
    readonly body: StripeEvent;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: WebhookReceipt;
      readonly 400: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listUsers: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListUsersData['query']>;
    readonly replies: {
      readonly 200: UserList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createUser: {
    readonly body: CreateUserRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: User;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
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
  readonly retrieveUser: {
    readonly body: undefined;
    readonly path: RetrieveUserData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: User;
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
  readonly updateUser: {
    readonly body: UpdateUserRequest;
    readonly path: UpdateUserData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: User;
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
  readonly createUserKey: {
    readonly body: CreateUserKeyRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: CreatedKey;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listAllWorkspaces: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListAllWorkspacesData['query']>;
    readonly replies: {
      readonly 200: AnyWorkspaceList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createWorkspace: {
    readonly body: CreateWorkspaceRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: AnyWorkspace;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveAnyWorkspace: {
    readonly body: undefined;
    readonly path: RetrieveAnyWorkspaceData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: AnyWorkspace;
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
  readonly updateAnyWorkspace: {
    readonly body: UpdateAnyWorkspaceRequest;
    readonly path: UpdateAnyWorkspaceData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: AnyWorkspace;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listPlans: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: PlanList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrievePlan: {
    readonly body: undefined;
    readonly path: RetrievePlanData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Plan;
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
  readonly putPlan: {
    readonly body: PutPlanRequest;
    readonly path: PutPlanData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Plan;
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
  readonly deletePlan: {
    readonly body: undefined;
    readonly path: DeletePlanData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEntry;
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
  readonly listModelEntries: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListModelEntriesData['query']>;
    readonly replies: {
      readonly 200: ModelEntryList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveModelEntry: {
    readonly body: undefined;
    readonly path: RetrieveModelEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ModelEntry;
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
  readonly putModelEntry: {
    readonly body: CatalogModelChange;
    readonly path: PutModelEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ModelEntry;
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
  readonly deleteModelEntry: {
    readonly body: undefined;
    readonly path: DeleteModelEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEntry;
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
  readonly putRouteEntry: {
    readonly body: RouteChange;
    readonly path: PutRouteEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Route;
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
  readonly deleteRouteEntry: {
    readonly body: undefined;
    readonly path: DeleteRouteEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEntry;
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
  readonly listProviderEntries: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ProviderEntryList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly retrieveProviderEntry: {
    readonly body: undefined;
    readonly path: RetrieveProviderEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ProviderEntry;
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
  readonly putProviderEntry: {
    readonly body: CatalogProviderChange;
    readonly path: PutProviderEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: ProviderEntry;
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
  readonly deleteProviderEntry: {
    readonly body: undefined;
    readonly path: DeleteProviderEntryData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedEntry;
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
  readonly listTargets: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListTargetsData['query']>;
    readonly replies: {
      readonly 200: TargetHealthList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly listRollouts: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListRolloutsData['query']>;
    readonly replies: {
      readonly 200: RolloutList;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createRollout: {
    readonly body: CreateRolloutRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: Rollout;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
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
  readonly retrieveRollout: {
    readonly body: undefined;
    readonly path: RetrieveRolloutData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Rollout;
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
  readonly updateRollout: {
    readonly body: UpdateRolloutRequest;
    readonly path: UpdateRolloutData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Rollout;
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
  readonly deleteRollout: {
    readonly body: undefined;
    readonly path: DeleteRolloutData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: DeletedRollout;
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
  readonly promoteRollout: {
    readonly body: undefined;
    readonly path: PromoteRolloutData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Rollout;
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
  readonly rollBackRollout: {
    readonly body: undefined;
    readonly path: RollBackRolloutData['path'];
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: Rollout;
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
  readonly compareRollout: {
    readonly body: undefined;
    readonly path: CompareRolloutData['path'];
    readonly query: NonNullable<CompareRolloutData['query']>;
    readonly replies: {
      readonly 200: RolloutComparison;
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
  readonly listAuditLog: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: NonNullable<ListAuditLogData['query']>;
    readonly replies: {
      readonly 200: AuditLog;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createGrant: {
    readonly body: CreateGrantRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: LedgerEntry;
      readonly 400: ErrorResponse;
      readonly 401: ErrorResponse;
      readonly 403: ErrorResponse;
      readonly 404: ErrorResponse;
      readonly 405: ErrorResponse;
      readonly 408: ErrorResponse;
      readonly 413: ErrorResponse;
      readonly 415: ErrorResponse;
      readonly 431: ErrorResponse;
      readonly 500: ErrorResponse;
      readonly 503: ErrorResponse;
    };
  };
  readonly createAdjustment: {
    readonly body: CreateAdjustmentRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: LedgerEntry;
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
  readonly createRefund: {
    readonly body: CreateRefundRequest;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 201: LedgerEntry;
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
  readonly checkLedger: {
    readonly body: undefined;
    readonly path: Record<string, never>;
    readonly query: Record<string, never>;
    readonly replies: {
      readonly 200: LedgerCheck;
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

/** A form as its handler sees it: a file stands as its name, its bytes are in `Call.files`. */
export type Received<Form> = { [Field in keyof Form]: Named<Form[Field]> };
type Named<Value> = Value extends Blob ? string : Value extends readonly (infer Item)[] ? Named<Item>[] : Value;

/** How one field of a form is read. */
export interface FormField {
  /** What one part may be; texts are tried in this order of preference: object, string, number, boolean. */
  readonly reads: readonly ('file' | 'object' | 'string' | 'number' | 'boolean')[];
  /** Of a list: how each item is read. */
  readonly items?: FormField;
  /** Of an object with known fields: how each is read. */
  readonly fields?: Readonly<Record<string, FormField>>;
}

/** What the door has to know of an operation before its handler runs. */
export interface OperationEntry {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  /** The resource, which is also the name of the handler's file. */
  readonly tag: string;
  /** The unit in which the operation is counted. */
  readonly meter: 'tokens' | 'images' | 'seconds' | 'characters' | 'none';
  /** The scope a key needs; `none` where no key is needed. */
  readonly scope: 'inference' | 'management' | 'operator' | 'none';
  /** The roles that may call it; null for any member of the workspace. */
  readonly roles: readonly ('owner' | 'admin' | 'member' | 'billing')[] | null;
  readonly statuses: readonly number[];
  readonly hasBody: boolean;
  /** Whether the body may come as application/json. */
  readonly takesJson: boolean;
  /** The fields of the body as multipart/form-data; absent where it may not come so. */
  readonly form?: Readonly<Record<string, FormField>>;
  /** Whether the body may carry inline images, audio and files. */
  readonly maxBody?: 'json' | 'media';
  /** Headers in which a key may stand as it is, besides `authorization`. */
  readonly keyHeaders?: readonly string[];
}

export const operations: { readonly [Id in OperationId]: OperationEntry } = {
  createChatCompletion: {
    method: 'post',
    path: '/chat/completions',
    tag: 'chat-completions',
    meter: 'tokens',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  createImage: {
    method: 'post',
    path: '/images/generations',
    tag: 'images',
    meter: 'images',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  createImageEdit: {
    method: 'post',
    path: '/images/edits',
    tag: 'images',
    meter: 'images',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: false,
    form: {"image":{"reads":["file"],"items":{"reads":["file"]}},"mask":{"reads":["file"]},"model":{"reads":["string"]},"prompt":{"reads":["string"]},"n":{"reads":["number"]},"size":{"reads":["string"]},"quality":{"reads":["string"]},"background":{"reads":["string"]},"output_format":{"reads":["string"]},"output_compression":{"reads":["number"]},"response_format":{"reads":["string"]},"stream":{"reads":["boolean"]},"partial_images":{"reads":["number"]},"user":{"reads":["string"]},"sandbox":{"reads":["object"],"fields":{"first_token_ms":{"reads":["number"]},"token_ms":{"reads":["number"]},"fail_status":{"reads":["number"]},"retry_after":{"reads":["number"]},"die_after_events":{"reads":["number"]},"hang_after_events":{"reads":["number"]},"omit_usage":{"reads":["boolean"]},"malformed":{"reads":["boolean"]},"cached_tokens":{"reads":["number"]},"reasoning_tokens":{"reads":["number"]}}},"input_fidelity":{"reads":["string"]}},
    maxBody: 'media',
  },
  retrieveImageContent: {
    method: 'get',
    path: '/images/{image}/content',
    tag: 'images',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 206, 304, 400, 401, 403, 404, 405, 416, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createCompletion: {
    method: 'post',
    path: '/completions',
    tag: 'completions',
    meter: 'tokens',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  createEmbedding: {
    method: 'post',
    path: '/embeddings',
    tag: 'embeddings',
    meter: 'tokens',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  createTranscription: {
    method: 'post',
    path: '/audio/transcriptions',
    tag: 'audio',
    meter: 'seconds',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: false,
    form: {"file":{"reads":["file"]},"model":{"reads":["string"]},"language":{"reads":["string"]},"languages":{"reads":[],"items":{"reads":["string"]}},"keywords":{"reads":[],"items":{"reads":["string"]}},"prompt":{"reads":["string"]},"response_format":{"reads":["string"]},"temperature":{"reads":["number"]},"stream":{"reads":["boolean"]},"include":{"reads":[],"items":{"reads":["string"]}},"timestamp_granularities":{"reads":[],"items":{"reads":["string"]}},"chunking_strategy":{"reads":["object","string"],"fields":{"type":{"reads":["string"]},"prefix_padding_ms":{"reads":["number"]},"silence_duration_ms":{"reads":["number"]},"threshold":{"reads":["number"]}}},"known_speaker_names":{"reads":[],"items":{"reads":["string"]}},"known_speaker_references":{"reads":[],"items":{"reads":["string"]}},"sandbox":{"reads":["object"],"fields":{"first_token_ms":{"reads":["number"]},"token_ms":{"reads":["number"]},"fail_status":{"reads":["number"]},"retry_after":{"reads":["number"]},"die_after_events":{"reads":["number"]},"hang_after_events":{"reads":["number"]},"omit_usage":{"reads":["boolean"]},"malformed":{"reads":["boolean"]},"cached_tokens":{"reads":["number"]},"reasoning_tokens":{"reads":["number"]}}}},
    maxBody: 'media',
  },
  createSpeech: {
    method: 'post',
    path: '/audio/speech',
    tag: 'audio',
    meter: 'characters',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  createResponse: {
    method: 'post',
    path: '/responses',
    tag: 'responses',
    meter: 'tokens',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  countResponseInputTokens: {
    method: 'post',
    path: '/responses/input_tokens',
    tag: 'responses',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  retrieveResponse: {
    method: 'get',
    path: '/responses/{response}',
    tag: 'responses',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteResponse: {
    method: 'delete',
    path: '/responses/{response}',
    tag: 'responses',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  cancelResponse: {
    method: 'post',
    path: '/responses/{response}/cancel',
    tag: 'responses',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listResponseInputItems: {
    method: 'get',
    path: '/responses/{response}/input_items',
    tag: 'responses',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listVideos: {
    method: 'get',
    path: '/videos',
    tag: 'videos',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createVideo: {
    method: 'post',
    path: '/videos',
    tag: 'videos',
    meter: 'seconds',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    form: {"prompt":{"reads":["string"]},"model":{"reads":["string"]},"seconds":{"reads":["string","number"]},"size":{"reads":["string"]},"audioEnabled":{"reads":["boolean"]},"generateAudio":{"reads":["boolean"]},"motionControl":{"reads":["object"]},"input_reference":{"reads":["file"]},"endFrame":{"reads":["file"]}},
    maxBody: 'media',
  },
  retrieveVideo: {
    method: 'get',
    path: '/videos/{video}',
    tag: 'videos',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteVideo: {
    method: 'delete',
    path: '/videos/{video}',
    tag: 'videos',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveVideoContent: {
    method: 'get',
    path: '/videos/{video}/content',
    tag: 'videos',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 206, 304, 400, 401, 403, 404, 405, 409, 416, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  getNative: {
    method: 'get',
    path: '/native/{provider}/{path}',
    tag: 'native',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 429, 431, 500, 502, 503, 504],
    hasBody: false,
    takesJson: false,
    keyHeaders: ['x-api-key', 'x-goog-api-key'],
  },
  postNative: {
    method: 'post',
    path: '/native/{provider}/{path}',
    tag: 'native',
    meter: 'tokens',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
    keyHeaders: ['x-api-key', 'x-goog-api-key'],
  },
  deleteNative: {
    method: 'delete',
    path: '/native/{provider}/{path}',
    tag: 'native',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 429, 431, 500, 502, 503, 504],
    hasBody: false,
    takesJson: false,
    keyHeaders: ['x-api-key', 'x-goog-api-key'],
  },
  listModels: {
    method: 'get',
    path: '/models',
    tag: 'models',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveModel: {
    method: 'get',
    path: '/models/{model}',
    tag: 'models',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listRoutes: {
    method: 'get',
    path: '/routes',
    tag: 'routes',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  explainRoute: {
    method: 'post',
    path: '/routes/explain',
    tag: 'routes',
    meter: 'none',
    scope: 'inference',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  retrieveRoute: {
    method: 'get',
    path: '/routes/{route}',
    tag: 'routes',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  putRoute: {
    method: 'put',
    path: '/routes/{route}',
    tag: 'routes',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteRoute: {
    method: 'delete',
    path: '/routes/{route}',
    tag: 'routes',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listKeys: {
    method: 'get',
    path: '/keys',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createKey: {
    method: 'post',
    path: '/keys',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveKey: {
    method: 'get',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateKey: {
    method: 'patch',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteKey: {
    method: 'delete',
    path: '/keys/{key}',
    tag: 'keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listUsage: {
    method: 'get',
    path: '/usage',
    tag: 'usage',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveReport: {
    method: 'get',
    path: '/reports/{report}',
    tag: 'reports',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listWorkspaces: {
    method: 'get',
    path: '/workspaces',
    tag: 'workspaces',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveWorkspace: {
    method: 'get',
    path: '/workspaces/{workspace}',
    tag: 'workspaces',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateWorkspace: {
    method: 'patch',
    path: '/workspaces/{workspace}',
    tag: 'workspaces',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveCachedReplies: {
    method: 'get',
    path: '/workspaces/{workspace}/cache',
    tag: 'workspaces',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteCachedReplies: {
    method: 'delete',
    path: '/workspaces/{workspace}/cache',
    tag: 'workspaces',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listMembers: {
    method: 'get',
    path: '/members',
    tag: 'members',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  addMember: {
    method: 'post',
    path: '/members',
    tag: 'members',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveMember: {
    method: 'get',
    path: '/members/{user}',
    tag: 'members',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateMember: {
    method: 'patch',
    path: '/members/{user}',
    tag: 'members',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  removeMember: {
    method: 'delete',
    path: '/members/{user}',
    tag: 'members',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listBudgets: {
    method: 'get',
    path: '/budgets',
    tag: 'budgets',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createBudget: {
    method: 'post',
    path: '/budgets',
    tag: 'budgets',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveBudget: {
    method: 'get',
    path: '/budgets/{budget}',
    tag: 'budgets',
    meter: 'none',
    scope: 'management',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateBudget: {
    method: 'patch',
    path: '/budgets/{budget}',
    tag: 'budgets',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteBudget: {
    method: 'delete',
    path: '/budgets/{budget}',
    tag: 'budgets',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveBalance: {
    method: 'get',
    path: '/balance',
    tag: 'balance',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createTopup: {
    method: 'post',
    path: '/balance/topups',
    tag: 'balance',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 502, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  getStatement: {
    method: 'get',
    path: '/balance/statement',
    tag: 'balance',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listLedger: {
    method: 'get',
    path: '/ledger',
    tag: 'ledger',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'billing'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listLimits: {
    method: 'get',
    path: '/limits',
    tag: 'limits',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listProviderKeys: {
    method: 'get',
    path: '/provider-keys',
    tag: 'provider-keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createProviderKey: {
    method: 'post',
    path: '/provider-keys',
    tag: 'provider-keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 502, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveProviderKey: {
    method: 'get',
    path: '/provider-keys/{provider_key}',
    tag: 'provider-keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteProviderKey: {
    method: 'delete',
    path: '/provider-keys/{provider_key}',
    tag: 'provider-keys',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listRequests: {
    method: 'get',
    path: '/requests',
    tag: 'requests',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  exportRequests: {
    method: 'get',
    path: '/requests/export',
    tag: 'requests',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteRequestBodies: {
    method: 'delete',
    path: '/requests/bodies',
    tag: 'requests',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveRequest: {
    method: 'get',
    path: '/requests/{request}',
    tag: 'requests',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveRequestBody: {
    method: 'get',
    path: '/requests/{request}/body',
    tag: 'requests',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  deleteRequestBody: {
    method: 'delete',
    path: '/requests/{request}/body',
    tag: 'requests',
    meter: 'none',
    scope: 'inference',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listEvals: {
    method: 'get',
    path: '/evals',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createEval: {
    method: 'post',
    path: '/evals',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [201, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  retrieveEval: {
    method: 'get',
    path: '/evals/{eval}',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateEval: {
    method: 'patch',
    path: '/evals/{eval}',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteEval: {
    method: 'delete',
    path: '/evals/{eval}',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listEvalItems: {
    method: 'get',
    path: '/evals/{eval}/items',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  addEvalItems: {
    method: 'post',
    path: '/evals/{eval}/items',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'media',
  },
  deleteEvalItem: {
    method: 'delete',
    path: '/evals/{eval}/items/{item}',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listEvalRuns: {
    method: 'get',
    path: '/evals/{eval}/runs',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createEvalRun: {
    method: 'post',
    path: '/evals/{eval}/runs',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveEvalRun: {
    method: 'get',
    path: '/evals/{eval}/runs/{run}',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  cancelEvalRun: {
    method: 'post',
    path: '/evals/{eval}/runs/{run}/cancel',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  resumeEvalRun: {
    method: 'post',
    path: '/evals/{eval}/runs/{run}/resume',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  listEvalResults: {
    method: 'get',
    path: '/evals/{eval}/runs/{run}/results',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveEvalSummary: {
    method: 'get',
    path: '/evals/{eval}/runs/{run}/summary',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  exportEvalResults: {
    method: 'get',
    path: '/evals/{eval}/runs/{run}/export',
    tag: 'evals',
    meter: 'none',
    scope: 'management',
    roles: ['owner', 'admin', 'member'],
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listReceiptKeys: {
    method: 'get',
    path: '/receipt-keys',
    tag: 'receipt-keys',
    meter: 'none',
    scope: 'none',
    roles: null,
    statuses: [200, 400, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  receiveStripeEvent: {
    method: 'post',
    path: '/webhooks/stripe',
    tag: 'webhooks',
    meter: 'none',
    scope: 'none',
    roles: null,
    statuses: [200, 400, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  listUsers: {
    method: 'get',
    path: '/admin/users',
    tag: 'admin-users',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createUser: {
    method: 'post',
    path: '/admin/users',
    tag: 'admin-users',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveUser: {
    method: 'get',
    path: '/admin/users/{user}',
    tag: 'admin-users',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateUser: {
    method: 'patch',
    path: '/admin/users/{user}',
    tag: 'admin-users',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  createUserKey: {
    method: 'post',
    path: '/admin/keys',
    tag: 'admin-keys',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  listAllWorkspaces: {
    method: 'get',
    path: '/admin/workspaces',
    tag: 'admin-workspaces',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createWorkspace: {
    method: 'post',
    path: '/admin/workspaces',
    tag: 'admin-workspaces',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveAnyWorkspace: {
    method: 'get',
    path: '/admin/workspaces/{workspace}',
    tag: 'admin-workspaces',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateAnyWorkspace: {
    method: 'patch',
    path: '/admin/workspaces/{workspace}',
    tag: 'admin-workspaces',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  listPlans: {
    method: 'get',
    path: '/admin/plans',
    tag: 'admin-plans',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrievePlan: {
    method: 'get',
    path: '/admin/plans/{plan}',
    tag: 'admin-plans',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  putPlan: {
    method: 'put',
    path: '/admin/plans/{plan}',
    tag: 'admin-plans',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deletePlan: {
    method: 'delete',
    path: '/admin/plans/{plan}',
    tag: 'admin-plans',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listModelEntries: {
    method: 'get',
    path: '/admin/models',
    tag: 'admin-models',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveModelEntry: {
    method: 'get',
    path: '/admin/models/{model}',
    tag: 'admin-models',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  putModelEntry: {
    method: 'put',
    path: '/admin/models/{model}',
    tag: 'admin-models',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteModelEntry: {
    method: 'delete',
    path: '/admin/models/{model}',
    tag: 'admin-models',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  putRouteEntry: {
    method: 'put',
    path: '/admin/routes/{route}',
    tag: 'admin-routes',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteRouteEntry: {
    method: 'delete',
    path: '/admin/routes/{route}',
    tag: 'admin-routes',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listProviderEntries: {
    method: 'get',
    path: '/admin/providers',
    tag: 'admin-providers',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  retrieveProviderEntry: {
    method: 'get',
    path: '/admin/providers/{provider}',
    tag: 'admin-providers',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  putProviderEntry: {
    method: 'put',
    path: '/admin/providers/{provider}',
    tag: 'admin-providers',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteProviderEntry: {
    method: 'delete',
    path: '/admin/providers/{provider}',
    tag: 'admin-providers',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listTargets: {
    method: 'get',
    path: '/admin/targets',
    tag: 'admin-targets',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listRollouts: {
    method: 'get',
    path: '/admin/rollouts',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createRollout: {
    method: 'post',
    path: '/admin/rollouts',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  retrieveRollout: {
    method: 'get',
    path: '/admin/rollouts/{rollout}',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  updateRollout: {
    method: 'patch',
    path: '/admin/rollouts/{rollout}',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  deleteRollout: {
    method: 'delete',
    path: '/admin/rollouts/{rollout}',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  promoteRollout: {
    method: 'post',
    path: '/admin/rollouts/{rollout}/promote',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 409, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  rollBackRollout: {
    method: 'post',
    path: '/admin/rollouts/{rollout}/rollback',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  compareRollout: {
    method: 'get',
    path: '/admin/rollouts/{rollout}/comparison',
    tag: 'admin-rollouts',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 404, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  listAuditLog: {
    method: 'get',
    path: '/admin/audit-log',
    tag: 'admin-audit-log',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  createGrant: {
    method: 'post',
    path: '/admin/ledger/grants',
    tag: 'admin-ledger',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  createAdjustment: {
    method: 'post',
    path: '/admin/ledger/adjustments',
    tag: 'admin-ledger',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  createRefund: {
    method: 'post',
    path: '/admin/ledger/refunds',
    tag: 'admin-ledger',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [201, 400, 401, 403, 404, 405, 408, 409, 413, 415, 431, 500, 503],
    hasBody: true,
    takesJson: true,
    maxBody: 'json',
  },
  checkLedger: {
    method: 'get',
    path: '/admin/ledger/check',
    tag: 'admin-ledger',
    meter: 'none',
    scope: 'operator',
    roles: null,
    statuses: [200, 400, 401, 403, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  getOpenapiYaml: {
    method: 'get',
    path: '/openapi.yaml',
    tag: 'openapi',
    meter: 'none',
    scope: 'none',
    roles: null,
    statuses: [200, 400, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
  getOpenapiJson: {
    method: 'get',
    path: '/openapi.json',
    tag: 'openapi',
    meter: 'none',
    scope: 'none',
    roles: null,
    statuses: [200, 400, 405, 431, 500, 503],
    hasBody: false,
    takesJson: false,
  },
};
