/** This file says of every recorded exchange that lies beside the repository which test reads it, or why none can. */

/** Some recordings of a folder; a file belongs to the first set that matches it. */
export interface RecordingSet {
  readonly folders: readonly string[];
  readonly files: RegExp;
  /** Tests in gateway/providers that read each of them, which name the folder. */
  readonly readBy: readonly string[];
  /** Why nobody does. */
  readonly why?: string;
}

/** The folders of providers that speak OpenAI's chat completions. */
export const CHAT_FOLDERS = ['alibaba', 'cerebras', 'deepseek/chat', 'groq', 'mistral', 'moonshotai', 'openai/chat', 'openai-compatible/chat', 'perplexity', 'xai'] as const;
export const RESPONSES_FOLDERS = ['openai/responses', 'azure', 'xai/responses', 'open-responses/responses'] as const;

const JSON_FILE = /\.json$/;
const STREAM_FILE = /\.(?:chunks\.txt|sse)$/;
const HERE = 'recordings.test.ts';
/** Azure's DeepSeek answers with chat completions. */
export const CHAT_AMONG_RESPONSES = /azure-deepseek-reasoning/;

export const RECORDING_SETS: readonly RecordingSet[] = [
  { folders: ['mistral', 'openai/transcription'], files: /(?:openai|mistral)-transcription\.json$/, readBy: ['openai-audio.test.ts'] },
  { folders: ['groq'], files: /transcription/, readBy: [HERE] },
  { folders: ['openai/chat', 'openai/responses', 'openai/image'], files: /-parameter-error\.json$|temperature-error\.json$|format-error\.json$/, readBy: [HERE] },
  { folders: ['azure'], files: CHAT_AMONG_RESPONSES, readBy: [HERE] },
  { folders: CHAT_FOLDERS, files: JSON_FILE, readBy: [HERE] },
  { folders: CHAT_FOLDERS, files: STREAM_FILE, readBy: [HERE, 'openai-chat-stream.test.ts'] },
  { folders: RESPONSES_FOLDERS, files: JSON_FILE, readBy: [HERE, 'openai-responses-reply.test.ts'] },
  { folders: RESPONSES_FOLDERS, files: STREAM_FILE, readBy: [HERE, 'openai-responses-stream.test.ts'] },
  { folders: ['anthropic'], files: JSON_FILE, readBy: [HERE, 'anthropic-messages-reply.test.ts'] },
  { folders: ['anthropic'], files: STREAM_FILE, readBy: [HERE, 'anthropic-messages-stream.test.ts'] },
  { folders: ['google'], files: /429-retry-info\.json$/, readBy: ['gemini-content.test.ts'] },
  { folders: ['google'], files: /\.json$|\.chunks\.txt$/, readBy: [HERE, 'gemini-content.test.ts'] },
  { folders: ['openai/completion'], files: /\.json$|\.chunks\.txt$/, readBy: [HERE] },
  { folders: ['openai/embedding'], files: JSON_FILE, readBy: [HERE] },
  { folders: ['openai/image'], files: JSON_FILE, readBy: [HERE] },
  { folders: ['google/interactions'], files: /./, readBy: [], why: 'The Interactions API of Gemini is no wire of ours: it keeps conversations at the provider.' },
  { folders: ['google/speech-translation', 'openai/speech-translation'], files: /./, readBy: [], why: 'Sessions over a WebSocket are no operation of the contract.' },
  { folders: ['openai/skills', 'anthropic/skills'], files: /./, readBy: [], why: 'Skills are files kept at a provider; the contract has no operation for them.' },
];

/** The set a file belongs to; null for one that nobody has put anywhere. */
export function setOf(file: string): RecordingSet | null {
  const [folder, name] = [file.slice(0, file.lastIndexOf('/')), file.slice(file.lastIndexOf('/') + 1)];
  return RECORDING_SETS.find(({ folders, files }) => folders.includes(folder) && files.test(name)) ?? null;
}
