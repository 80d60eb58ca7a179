import { expect, test } from 'vitest';
import { isSensitiveKey } from '../../../src/redact/sensitive-names.js';

const split = (names: string) => names.trim().split(/\s+/);

test.each(
  split(`
    password Password PASSWORD PaSsWoRd passwd pwd passphrase dbPassword db_password DBPASSWORD PGPASSWORD password2 user.password
    secret secrets client_secret clientSecret SECRET_KEY token tokens accessToken access_token x-auth-token csrftoken refresh_tokens
    apiKey api_key API_KEY x-api-key apikey APIKey authorization Authorization proxy-authorization cookie Set-Cookie cookies
    credential credentials aws_credentials private_key privateKey ssh-key AccountKey SharedAccessKey session session_id sessionId
    JSESSIONID PHPSESSID connect.sid jwt bearer otp cvv ssn auth sig X-Amz-Signature X-Amz-Security-Token connectionString dsn
    code_verifier codeVerifier device_code auth_code client_assertion SAMLResponse
  `),
)('the value of %s is hidden', (key) => {
  expect(isSensitiveKey(key)).toBe(true);
});

test.each(
  split(`
    total_tokens max_tokens maxTokens tokenizer token_count tokenCount completion_tokens promptTokens max_output_tokens token_limit
    key keys primary_key foreign_key partitionKey public_key keyboard monkey author authored authors authorization_endpoint
    cookie_name token_type expires_in token_endpoint password_policy secret_name secretary session_start session_count passenger
    compass bypass city location name id url limit description signal signature sidecar insider notes __proto__ constructor toString
  `),
)('the value of %s is shown', (key) => {
  expect(isSensitiveKey(key)).toBe(false);
});

test.each(['', '_', '...', '42', '😀', '\ud800'])('a name without words hides nothing: %j', (key) => {
  expect(isSensitiveKey(key)).toBe(false);
});

test('only the start of an endless name is read', () => {
  expect(isSensitiveKey(`${'a'.repeat(1_000_000)}_password`)).toBe(false);
  expect(isSensitiveKey(`password_${'a'.repeat(1_000_000)}`)).toBe(true);
});
