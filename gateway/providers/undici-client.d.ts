// undici publishes no types for its inner modules; this one's are those of the package's own `Client`.
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export default Client;
}
