/** Token providers of the example client, one per grant type in the suite's scenarios. */
import {
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  DpopSession,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
} from '@modelcontextprotocol/client';

/**
 * Flows with a user keep the callback of the last consent, which can be taken once.
 * @typedef {import('@modelcontextprotocol/client').OAuthClientProvider & { takeCallback?(): URLSearchParams | undefined }} Provider
 */

const CALLBACK_URL = 'http://localhost:9876/callback';

/**
 * The authorization code flow without a browser: sends the authorization request directly and keeps the redirect URL for
 * `finishAuth`. Stores everything from the SDK per issuer, as the newer revision requires.
 * @param {{ clientMetadataUrl?: string, client?: any, dpop?: boolean }} [options]
 * @returns {Provider}
 */
function createCodeProvider({ clientMetadataUrl, client, dpop } = {}) {
  /** @type {Map<string | undefined, any>} */
  const clients = new Map();
  /** @type {any} */ let tokens;
  /** @type {any} */ let discovery;
  /** @type {URLSearchParams | undefined} */ let callback;
  let verifier = '';
  const session = dpop ? DpopSession.create() : undefined;
  return {
    redirectUrl: CALLBACK_URL,
    clientMetadata: {
      client_name: 'conformance-client',
      application_type: 'native',
      redirect_uris: [CALLBACK_URL],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    ...(clientMetadataUrl && { clientMetadataUrl }),
    ...(session && { dpop: () => session }),
    clientInformation: (context) => client ?? clients.get(context?.issuer),
    saveClientInformation: (information, context) => void clients.set(context?.issuer, information),
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved;
      // Discovery is valid for this consent only: the next challenge can name another authorization server.
      discovery = undefined;
    },
    saveCodeVerifier: (saved) => {
      verifier = saved;
    },
    codeVerifier: () => verifier,
    saveDiscoveryState: (saved) => {
      discovery = saved;
    },
    discoveryState: () => discovery,
    redirectToAuthorization: async (url) => {
      const response = await fetch(url, { redirect: 'manual' });
      const location = response.headers.get('location');
      if (!location) throw new Error(`The authorization request was answered with ${response.status}`);
      callback = new URL(location).searchParams;
    },
    takeCallback: () => {
      const taken = callback;
      callback = undefined;
      return taken;
    },
  };
}

/**
 * A workload that presents its platform's token instead of a user's consent.
 * @param {any} context
 * @returns {Provider}
 */
function createWorkloadProvider({ client_id, valid_jwt }) {
  /** @type {any} */ let tokens;
  return {
    redirectUrl: undefined,
    clientMetadata: {
      client_name: 'conformance-workload',
      redirect_uris: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => ({ client_id }),
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved;
    },
    redirectToAuthorization: () => {},
    saveCodeVerifier: () => {},
    codeVerifier: () => '',
    prepareTokenRequest: (scope) =>
      new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: valid_jwt,
        ...(scope && { scope }),
      }),
  };
}

/** Scenarios that need another provider than the plain code flow. @type {Record<string, (context: any) => Provider>} */
const providers = {
  'auth/basic-cimd': () =>
    createCodeProvider({ clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' }),
  'auth/pre-registration': ({ client_id, client_secret, issuer }) =>
    createCodeProvider({ client: { client_id, client_secret, issuer } }),
  'auth/dpop': () => createCodeProvider({ dpop: true }),
  'auth/dpop-nonce': () => createCodeProvider({ dpop: true }),
  'auth/client-credentials-basic': ({ client_id, client_secret }) =>
    new ClientCredentialsProvider({ clientId: client_id, clientSecret: client_secret }),
  'auth/client-credentials-jwt': ({ client_id, private_key_pem, signing_algorithm }) =>
    new PrivateKeyJwtProvider({ clientId: client_id, privateKey: private_key_pem, algorithm: signing_algorithm }),
  'auth/enterprise-managed-authorization': (context) =>
    new CrossAppAccessProvider({
      clientId: context.client_id,
      clientSecret: context.client_secret,
      assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
        const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
          tokenEndpoint: context.idp_token_endpoint,
          audience: authorizationServerUrl,
          resource: resourceUrl,
          idToken: context.idp_id_token,
          clientId: context.idp_client_id,
          fetchFn,
          ...(scope && { scope }),
        });
        return jwtAuthGrant;
      },
    }),
  'auth/wif-jwt-bearer': createWorkloadProvider,
};

/**
 * @param {string} scenario
 * @param {any} context credentials and keys from the suite
 */
export const createProvider = (scenario, context) => (providers[scenario] ?? createCodeProvider)(context);
