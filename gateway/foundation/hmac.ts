/** This file signs texts with a shared secret; the one place that does, so that wires need no cryptography of their own. */
import { createHmac } from 'node:crypto';

/** Signs a text with HMAC-SHA-256 under a secret; base64url without padding, as JSON Web Signatures want it (RFC 7515, HS256). */
export type SignHs256 = (text: string, secret: string) => string;

export const signHs256: SignHs256 = (text, secret) => createHmac('sha256', secret).update(text, 'utf8').digest('base64url');
