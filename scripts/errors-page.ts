/** This file writes docs/errors.md from the error catalogue, or with `--check` fails when the page is stale. */
import { errorCatalogue } from '../generated/errors.ts';
import { writePage } from './write-page.ts';

const OPENING = `# Errors

Every error has this shape, inside a stream too, and its request id is also in the header \`x-request-id\`. Name it when you report a problem.

\`\`\`json
{"error": {"message": "…", "type": "invalid_request_error", "param": "temperature", "code": "invalid_request", "request_id": "req_…"}}
\`\`\`

\`code\` is what a program should look at. \`param\` names the field that is wrong, where one is. An error that an upstream has for the caller's own request
(\`upstream_rejected\`) keeps the upstream's message, \`param\` and \`code\`. This page is written by \`npm run generate\` from \`spec/responses\`.
`;

/** The page: the codes by status, each with what happened and how to fix it. */
function renderPage(): string {
  const entries = Object.entries(errorCatalogue).map(([code, entry]) => ({ code, ...entry }));
  const sections = [...Map.groupBy(entries, ({ status }) => status)].sort(([left], [right]) => left - right).map(([status, group]) => {
    const rows = group.map(({ code, type, message, help }) => `| \`${code}\` | \`${type}\` | ${cell(message)} | ${cell(help)} |`);
    return `## ${status}\n\n| Code | Type | What happened | How to fix it |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${OPENING}\n${sections.join('\n')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

writePage('errors.md', renderPage());
