/** Tokens with a literal prefix, from the providers' documentation and from the rules of gitleaks. */
import { MARKED } from './gitleaks.generated.js';
import { type Marked, startsAlone } from './spans.js';

/**
 * One format: a mark, matched literally, and the text after it. In `rest`, repetitions are not nested and only the last is
 * unbounded, so matching fails within a constant number of steps or consumes what it read.
 */
export interface TokenShape {
  readonly id: string;
  /** Every token of the format contains one of them. At least three characters. */
  readonly marks: readonly string[];
  /** Source of the pattern behind the mark. */
  readonly rest: string;
  /** Source of the pattern before the mark, if the token does not begin with it. Bounded. */
  readonly before?: string | undefined;
  /** No letter or digit may stand before the token, because its mark can end an ordinary word (`task-…`). */
  readonly alone?: boolean | undefined;
}

const ALNUM = '[A-Za-z0-9]';
const LOWER = '[a-z0-9]';
const WORD = '[\\w-]';
const HEX = '[0-9a-f]';
const DOTTED = '[\\w.-]';
const BASE64 = '[A-Za-z0-9+/=]';
const UUID = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12,}`;
/** Marks as short as `EAAA` occur in every picture. */
const NOT_IN_BASE64 = '(?<![+/])';
const DIGITS = [...'0123456789'];

/** Base64 of numbers with two digits or more: Discord's tokens begin with a user id. */
const ENCODED_NUMBERS = Array.from({ length: 90 }, (_, index) =>
  Buffer.from(`${index + 10}0`)
    .toString('base64')
    .slice(0, 3),
);

/** Every format has at least 15 characters, so that short names can skip the whole set. */
// biome-ignore format: one row, one line.
const DOCUMENTED: readonly TokenShape[] = [
  // Models and tools for agents.
  { id: 'anthropic', marks: ['sk-ant-'], rest: `${WORD}{20,}` },
  { id: 'openai', marks: ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'], rest: `${WORD}{20,}` },
  { id: 'openai', marks: ['sk-'], rest: `(?:or-v1-)?${ALNUM}{32,}`, alone: true },
  { id: 'langfuse', marks: ['sk-lf-'], rest: '[0-9a-zA-Z-]{32,}', alone: true },
  { id: 'gateway', marks: ['sk-'], rest: `[a-z][a-z0-9]{1,11}-(?=[a-zA-Z_-]{0,30}\\d)${WORD}{28,}`, alone: true },
  { id: 'gcp', marks: ['AIza'], rest: `${WORD}{30,}` },
  { id: 'gcp', marks: ['AQ.Ab'], rest: `${WORD}{30,}`, alone: true },
  { id: 'gcp', marks: ['ya29.'], rest: `${DOTTED}{20,}` },
  { id: 'gcp', marks: ['GOCSPX-'], rest: `${WORD}{20,}` },
  { id: 'gcp', marks: ['1//0'], rest: `${WORD}{40,}`, alone: true },
  { id: 'firebase', marks: [':APA91b'], rest: `${WORD}{100,}`, before: `${WORD}{8,32}` },
  { id: 'huggingface', marks: ['hf_'], rest: `${ALNUM}{30,}`, alone: true },
  { id: 'huggingface', marks: ['api_org_'], rest: `${ALNUM}{30,}` },
  { id: 'groq', marks: ['gsk_'], rest: `${ALNUM}{40,}`, alone: true },
  { id: 'xai', marks: ['xai-'], rest: `${ALNUM}{40,}`, alone: true },
  { id: 'perplexity', marks: ['pplx-'], rest: `${ALNUM}{40,}` },
  { id: 'replicate', marks: ['r8_'], rest: `${ALNUM}{30,}`, alone: true },
  { id: 'together', marks: ['tgp_v1_'], rest: `${WORD}{36,}`, alone: true },
  { id: 'fireworks', marks: ['fw_'], rest: `${ALNUM}{22,}`, alone: true },
  { id: 'tavily', marks: ['tvly-'], rest: `${WORD}{24,}`, alone: true },
  { id: 'firecrawl', marks: ['fc-'], rest: `${HEX}{32,}`, alone: true },
  { id: 'brave', marks: ['BSA'], rest: `${WORD}{27,28}(?![\\w-])`, alone: true },
  { id: 'jina', marks: ['jina_'], rest: `${WORD}{50,}`, alone: true },
  { id: 'elevenlabs', marks: ['sk_'], rest: `${HEX}{48,}`, alone: true },
  { id: 'pinecone', marks: ['pcsk_'], rest: `${WORD}{40,}`, alone: true },
  { id: 'nvidia', marks: ['nvapi-'], rest: `${WORD}{40,}`, alone: true },
  { id: 'langsmith', marks: ['lsv2_'], rest: `[a-z]{2}_${HEX}{32}_${HEX}{6,}`, alone: true },
  { id: 'langsmith', marks: ['ls__'], rest: `${HEX}{32,}`, alone: true },
  { id: 'voyage', marks: ['pa-'], rest: `(?=[a-zA-Z_-]{0,30}\\d)${WORD}{43}(?![\\w-])`, alone: true },
  { id: 'cerebras', marks: ['csk-'], rest: `${ALNUM}{40,}`, alone: true },
  { id: 'llamacloud', marks: ['llx-'], rest: `${ALNUM}{40,}`, alone: true },
  { id: 'apify', marks: ['apify_api_'], rest: `${ALNUM}{30,}` },
  { id: 'browserbase', marks: ['bb_live_', 'bb_test_'], rest: `${WORD}{20,}`, alone: true },
  { id: 'e2b', marks: ['e2b_'], rest: `${HEX}{40,}`, alone: true },
  { id: 'context7', marks: ['ctx7sk-'], rest: '[0-9a-f-]{30,}' },
  { id: 'wandb', marks: ['wandb_v1_'], rest: `${WORD}{40,}` },

  { id: 'cartesia', marks: ['sk_car_'], rest: '\\w{20,}', alone: true },
  { id: 'composio', marks: ['ak_', 'ck_'], rest: '(?=[a-zA-Z_-]{0,19}\\d)(?=[a-z0-9_-]{0,19}[A-Z])[\\w-]{20}(?![\\w-])', alone: true },

  // Clouds.
  { id: 'aws', marks: ['AKIA', 'ASIA', 'ABIA', 'ACCA'], rest: '[A-Z0-9]{16,}' },
  { id: 'aws', marks: ['ABSK'], rest: `${BASE64}{60,}` },
  { id: 'aws', marks: ['bedrock-api-key-'], rest: `${BASE64}{40,}` },
  { id: 'aws', marks: ['IQoJb3JpZ2lu', 'FwoGZXIvYXdz'], rest: `${BASE64}{100,}` },
  { id: 'aws', marks: ['amzn.mws.'], rest: UUID },
  { id: 'aws', marks: ['da2-'], rest: `${LOWER}{26}(?![\\w-])`, alone: true },
  { id: 'azure', marks: DIGITS.map((digit) => `${digit}Q~`), rest: '[\\w~.-]{30,}', before: '[\\w~.]{3}' },
  // Marks in the keys of Microsoft's services.
  { id: 'azure', marks: ['+ASt', '+AMC', '+ABa', '+ASb', '+AEh', '+ARm', '+ACR', 'AIoT', 'ACDb', 'APIM', 'AzFu', 'AzSe', 'AzCa'], rest: '[\\w+/-]{5,6}={0,2}(?![\\w+/-])', before: '[\\w+/-]{33,76}' },
  { id: 'azure', marks: ['JQQJ9'], rest: `${ALNUM}{24,}`, before: `${ALNUM}{52}` },
  { id: 'azure', marks: ['AZDO'], rest: `${ALNUM}{4}(?!${ALNUM})`, before: `${ALNUM}{52,76}` },
  { id: 'cloudflare', marks: ['cfut_', 'cfat_', 'cfk_'], rest: `${ALNUM}{36,}`, alone: true },
  { id: 'vercel', marks: ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'], rest: `${ALNUM}{24,}`, alone: true },
  { id: 'netlify', marks: ['nfp_', 'nfc_', 'nfo_', 'nfu_'], rest: `${ALNUM}{32,}`, alone: true },
  { id: 'render', marks: ['rnd_'], rest: `${ALNUM}{28,}`, alone: true },
  { id: 'digitalocean', marks: ['dop_v1_', 'doo_v1_', 'dor_v1_'], rest: `${HEX}{40,}` },
  { id: 'tencent', marks: ['AKID'], rest: `${ALNUM}{32}(?!${ALNUM})`, alone: true },
  { id: 'yandex', marks: ['AQVN'], rest: `${WORD}{35,38}(?![\\w-])`, alone: true },
  { id: 'yandex', marks: ['t1.'], rest: `${WORD}{20,512}={0,2}\\.${WORD}{86,}`, alone: true },
  { id: 'yandex', marks: ['YCA', 'YCM', 'YCN', 'YCO', 'YCP'], rest: `${WORD}{37}(?![\\w-])`, alone: true },
  { id: 'databricks', marks: ['dapi', 'dkea', 'dose'], rest: `${HEX}{32,}(?:-\\d)?`, alone: true },

  // Code, packages and builds.
  { id: 'github', marks: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], rest: `${ALNUM}{30,}` },
  { id: 'github', marks: ['github_pat_'], rest: '\\w{30,}' },
  { id: 'gitlab', marks: ['pat', 'dt', 'rt', 'rtr', 'cbt', 'ptt', 'ft', 'imt', 'agent', 'soat', 'ffct', 'oas', 'wt'].map((kind) => `gl${kind}-`), rest: `${DOTTED}{18,}` },
  { id: 'gitlab', marks: ['GR1348941'], rest: `${WORD}{18,}` },
  { id: 'atlassian', marks: ['ATATT3', 'ATCTT3', 'ATSTT3'], rest: '[\\w=-]{40,}' },
  { id: 'atlassian', marks: ['ATBB'], rest: `${ALNUM}{28,36}(?!${ALNUM})`, alone: true },
  { id: 'atlassian', marks: ['ATTA'], rest: '[0-9a-fA-F]{64,}', alone: true },
  { id: 'circleci', marks: ['CCIPAT_', 'CCIPRJ_'], rest: `${ALNUM}{16,64}_${HEX}{40,}` },
  { id: 'buildkite', marks: ['bkua_', 'bkat_', 'bkpt_', 'bkct_', 'bkaj_'], rest: `${ALNUM}{36,}`, alone: true },
  { id: 'sonar', marks: ['squ_', 'sqp_', 'sqa_'], rest: `${HEX}{40,}`, alone: true },
  { id: 'snyk', marks: ['snyk_uat.', 'snyk_sat.'], rest: `${DOTTED}{30,}`, alone: true },
  { id: 'sourcegraph', marks: ['sgp_', 'sgd_', 'slk_', 'sgph_', 'sgs_'], rest: '(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40,}', alone: true },
  { id: 'npm', marks: ['npm_'], rest: `${ALNUM}{30,}` },
  { id: 'pypi', marks: ['pypi-Ag'], rest: `${WORD}{40,}` },
  { id: 'rubygems', marks: ['rubygems_'], rest: `${HEX}{40,}` },
  { id: 'nuget', marks: ['oy2'], rest: `${LOWER}{43}(?!${LOWER})`, alone: true },
  { id: 'crates', marks: ['cio'], rest: `${ALNUM}{32}(?!${ALNUM})`, alone: true },
  { id: 'packagist', marks: ['packagist_'], rest: `[a-z]{2,8}_${HEX}{40,}`, alone: true },
  { id: 'deno', marks: ['ddp_', 'ddo_', 'ddw_'], rest: `${ALNUM}{32,}`, alone: true },
  { id: 'jsr', marks: ['jsrp_', 'jsrd_', 'jsrw_'], rest: `${ALNUM}{32,}`, alone: true },
  { id: 'val-town', marks: ['vtwn_'], rest: `${ALNUM}{24,}`, alone: true },
  { id: 'docker', marks: ['dckr_pat_', 'dckr_oat_'], rest: `${WORD}{20,}` },
  { id: 'postman', marks: ['PMAK-'], rest: `${WORD}{30,}` },
  { id: 'figma', marks: ['figd_', 'figo_', 'figu_', 'figor_', 'figur_', 'figdr_'], rest: `${WORD}{30,}`, alone: true },
  { id: 'linear', marks: ['lin_api_', 'lin_oauth_'], rest: `${ALNUM}{30,}` },
  { id: 'notion', marks: ['ntn_'], rest: `${ALNUM}{30,}`, alone: true },
  { id: 'notion', marks: ['secret_'], rest: `${ALNUM}{43}(?!\\w)`, alone: true },
  { id: 'asana', marks: DIGITS.flatMap((digit) => [`0/${digit}`, `1/${digit}`, `2/${digit}`]), rest: `\\d{12,17}(?:/\\d{13,17})?:${HEX}{32,}`, alone: true },
  { id: 'clickup', marks: ['pk_'], rest: '\\d{5,12}_[A-Z0-9]{32,}', alone: true },
  { id: 'contentful', marks: ['CFPAT-'], rest: `${WORD}{40,}` },

  // Infrastructure.
  { id: 'vault', marks: ['hvs.', 'hvb.', 'hvr.'], rest: `${WORD}{20,}`, alone: true },
  { id: 'doppler', marks: ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.', 'dp.said.'], rest: `${DOTTED}{30,}`, alone: true },
  { id: 'infisical', marks: ['st.'], rest: `${HEX}{24}\\.${HEX}{32}\\.${HEX}{32,}`, alone: true },
  { id: 'tailscale', marks: ['tskey-'], rest: `[a-z]{2,12}-${WORD}{16,}`, alone: true },
  { id: '1password', marks: ['ops_eyJ'], rest: '[\\w+/=-]{100,}' },
  { id: 'supabase', marks: ['sbp_', 'sb_secret_'], rest: `${WORD}{20,}`, alone: true },
  { id: 'planetscale', marks: ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'], rest: `${DOTTED}{30,}` },
  { id: 'neon', marks: ['napi_'], rest: `${LOWER}{60,}`, alone: true },
  { id: 'cockroachdb', marks: ['CCDB1_'], rest: `${ALNUM}{16,64}_${ALNUM}{36,}` },
  { id: 'aikido', marks: ['AIK_SECRET_', 'AIK_CI_'], rest: `${ALNUM}{20,}` },
  { id: 'arcjet', marks: ['ajkey_'], rest: `${LOWER}{26,}`, alone: true },
  { id: 'mongodb', marks: ['mdb_sa_sk_'], rest: `${WORD}{36,}` },
  { id: 'confluent', marks: ['cflt'], rest: '[A-Za-z0-9+/]{56,}', alone: true },
  { id: 'dbt', marks: ['dbtc_', 'dbtu_'], rest: `${WORD}{36,}`, alone: true },
  { id: 'age', marks: ['AGE-SECRET-KEY-1'], rest: '[A-Z0-9]{40,}' },
  // A PEM private key, encoded in base64 again, as in a kubeconfig.
  { id: 'private-key', marks: ['LS0tLS1CRUdJTiBSU0Eg', 'LS0tLS1CRUdJTiBFQyBQ', 'LS0tLS1CRUdJTiBQUklW', 'LS0tLS1CRUdJTiBPUEVO', 'LS0tLS1CRUdJTiBFTkNS', 'LS0tLS1CRUdJTiBEU0Eg'], rest: `${BASE64}{20,}` },
  { id: 'jwt', marks: ['ZXlK'], rest: '[\\w+/=-]{100,}', alone: true },

  // Business.
  { id: 'slack', marks: ['xox'], rest: '[a-z](?:\\.xox[a-z])?-[\\w+/=-]{15,}' },
  { id: 'slack', marks: ['xapp-'], rest: `${WORD}{15,}` },
  { id: 'slack', marks: ['hooks.slack.com/'], rest: '[\\w/-]{20,}' },
  { id: 'discord', marks: ENCODED_NUMBERS, rest: `${ALNUM}{20,25}={0,2}\\.${WORD}{6}\\.${WORD}{27,}`, alone: true },
  { id: 'discord', marks: ['discord.com/api/', 'discordapp.com/api/'], rest: '(?:v\\d{1,2}/)?webhooks/\\d{15,21}/[\\w-]{40,}' },
  { id: 'telegram', marks: [':AA'], rest: `${WORD}{30,}`, before: '(?:bot)?\\d{8,10}', alone: true },
  { id: 'teams', marks: ['.webhook.office.com/', '/IncomingWebhook/'], rest: '[\\w@/-]{32,}' },
  { id: 'zapier', marks: ['hooks.zapier.com/hooks/'], rest: '[\\w/-]{10,}' },
  { id: 'ifttt', marks: ['maker.ifttt.com/'], rest: '(?:use|trigger)/[\\w/-]{10,}' },
  { id: 'stripe', marks: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'rk_prod_', 'sk_org_live_', 'sk_org_test_'], rest: `${ALNUM}{16,}` },
  { id: 'stripe', marks: ['whsec_'], rest: `${BASE64}{20,}` },
  { id: 'square', marks: ['sq0'], rest: `[a-z]{3}-${WORD}{20,}` },
  { id: 'square', marks: ['EAAA'], rest: `${WORD}{60,64}(?![\\w-])`, before: NOT_IN_BASE64, alone: true },
  { id: 'paypal', marks: ['A21AA'], rest: `${WORD}{80,}`, alone: true },
  { id: 'braintree', marks: ['access_token$'], rest: `(?:production|sandbox)\\$${LOWER}{10,32}\\$${HEX}{32,}` },
  { id: 'plaid', marks: ['access-sandbox-', 'access-development-', 'access-production-'], rest: UUID },
  { id: 'paddle', marks: ['pdl_live_apikey_', 'pdl_sdbx_apikey_'], rest: `${WORD}{30,}` },
  { id: 'flutterwave', marks: ['FLWSECK-', 'FLWSECK_LIVE-'], rest: '[0-9a-zA-Z]{12,}(?:-X)?' },
  { id: 'adyen', marks: ['AQE'], rest: '[A-Za-z0-9+/=]{60,512}-[A-Za-z0-9+/=]{10,512}-[\\w+/=!-]{8,}', alone: true },
  { id: 'gocardless', marks: ['live_'], rest: `(?=[a-zA-Z_-]{0,30}\\d)${WORD}{40}(?![\\w-])`, alone: true },
  { id: 'lob', marks: ['live_', 'test_'], rest: `${HEX}{35}(?![\\w-])`, alone: true },
  { id: 'shopify', marks: ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shptka_'], rest: '[0-9a-fA-F]{32,}' },
  { id: 'twilio', marks: [...'0123456789abcdef'].map((digit) => `SK${digit}`), rest: `${HEX}{31,}`, alone: true },
  { id: 'sendgrid', marks: ['SG.'], rest: `${DOTTED}{40,}`, alone: true },
  { id: 'mailgun', marks: ['key-'], rest: `${HEX}{32,}`, alone: true },
  { id: 'mailchimp', marks: ['-us'], rest: '\\d{1,2}(?![\\w-])', before: `${HEX}{32}`, alone: true },
  { id: 'mailersend', marks: ['mlsn.'], rest: `${HEX}{60,}`, alone: true },
  { id: 'resend', marks: ['re_'], rest: `${ALNUM}{7,9}_${ALNUM}{20,}`, alone: true },
  { id: 'brevo', marks: ['xsmtpsib-'], rest: `${HEX}{60,68}-${ALNUM}{12,}` },
  { id: 'hubspot', marks: ['pat-'], rest: `[a-z]{2}\\d-${UUID}`, alone: true },
  { id: 'salesforce', marks: ['00D'], rest: `${ALNUM}{12,15}![\\w.]{80,}`, alone: true },
  { id: 'facebook', marks: ['EAA'], rest: `[B-Za-z0-9]${ALNUM}{100,}`, before: NOT_IN_BASE64, alone: true },
  { id: 'twitter', marks: ['A'.repeat(20)], rest: `A{0,4}${ALNUM}{8,64}%(?:2[BbFf]|3[Dd])[\\w%]{20,}`, alone: true },
  { id: 'linkedin', marks: ['WPL_AP1.', 'WPL_AP0.'], rest: `${ALNUM}{12,24}\\.${BASE64}{4,}` },
  { id: 'dropbox', marks: ['sl.'], rest: `(?:u\\.)?${WORD}{120,}`, alone: true },
  { id: 'intercom', marks: ['dG9rO'], rest: `${BASE64}{48,}`, alone: true },
  { id: 'typeform', marks: ['tfp_'], rest: '[\\w.-]{40,}', alone: true },
  { id: 'statsig', marks: ['secret-'], rest: `${ALNUM}{40,}`, alone: true },
  { id: 'stytch', marks: ['secret-live-', 'secret-test-'], rest: '[\\w-]{30,}={0,2}', alone: true },
  { id: 'cal', marks: ['cal_live_', 'cal_test_'], rest: `${HEX}{28,}`, alone: true },

  // Observability.
  { id: 'newrelic', marks: ['NRAK-'], rest: '[A-Z0-9]{20,}' },
  { id: 'newrelic', marks: ['NRII-', 'NRIQ-', 'NRRA-'], rest: `${WORD}{28,}` },
  { id: 'newrelic', marks: ['NRAL'], rest: `(?!${ALNUM})`, before: '(?:[a-z]{2}\\d{2}xx)?[0-9a-f]{30,36}' },
  { id: 'sentry', marks: ['sntrys_', 'sntryu_'], rest: '[\\w+/=-]{30,}' },
  { id: 'grafana', marks: ['glc_', 'glsa_'], rest: '[\\w+/=-]{30,}', alone: true },
  { id: 'grafana', marks: ['eyJrIjoi'], rest: `${BASE64}{48,}`, alone: true },
  { id: 'posthog', marks: ['phx_', 'phs_', 'phr_', 'pha_'], rest: `${WORD}{30,}`, alone: true },
  { id: 'honeycomb', marks: ['hcaik_', 'hcbik_', 'hcxik_', 'hcaic_', 'hcxic_', 'hcamk_', 'hcxmk_', 'hcalk_', 'hcxlk_'], rest: `${LOWER}{24,64}(?::${ALNUM}{20,})?`, alone: true },
  { id: 'launchdarkly', marks: ['sdk-', 'api-'], rest: UUID, alone: true },
  { id: 'axiom', marks: ['xaat-', 'xapt-'], rest: '[0-9a-f-]{32,}', alone: true },
  { id: 'mapbox', marks: ['sk.eyJ'], rest: `${DOTTED}{40,}`, alone: true },
  { id: 'elastic', marks: ['essu_'], rest: `${BASE64}{40,}`, alone: true },
  { id: 'checkly', marks: ['cu_'], rest: `${HEX}{32,}`, alone: true },
  { id: 'kubernetes', marks: ['base64url.bearer.authorization.k8s.io.'], rest: `${DOTTED}{16,}` },

  // Any issuer: a word for a key, and a run of mixed capitals, small letters and digits.
  { id: 'api-key', marks: ['sk_', 'sk-', 'pat_', 'secret_', 'SECRET_', 'apikey_', 'APIKEY_', 'api_key_', 'API_KEY_', 'token_', 'TOKEN_', '_key_'], rest: `(?:[A-Za-z0-9]{1,12}[_-])?(?=[A-Za-z]{0,23}\\d)(?=[a-z0-9]{0,23}[A-Z])(?=[A-Z0-9]{0,23}[a-z])${ALNUM}{24,}`, alone: true },

  // Password hashes.
  { id: 'password-hash', marks: ['$2a$', '$2b$', '$2x$', '$2y$'], rest: '\\d{2}\\$[./A-Za-z0-9]{53}' },
  { id: 'password-hash', marks: ['$1$', '$5$', '$6$', '$apr1$', '$y$', '$gy$', '$7$', '$sha1$', '$md5$'], rest: '(?:rounds=\\d{1,9}\\$|[./A-Za-z0-9]{1,5}\\$)?[./A-Za-z0-9]{1,64}\\$[./A-Za-z0-9]{20,}' },
  { id: 'password-hash', marks: ['$argon2', '$scrypt$', '$pbkdf2', '$bcrypt-sha256$', '$balloon'], rest: '[\\w=,.$-]{4,80}\\$[\\w./+-]{4,128}\\$[\\w./+=-]{16,}' },
  { id: 'password-hash', marks: ['pbkdf2_sha256$', 'pbkdf2_sha1$', 'pbkdf2:sha256:', 'pbkdf2:sha512:', 'scrypt:', 'scrypt$', 'bcrypt_sha256$'], rest: '[\\w:$,=.-]{1,40}\\$[\\w./+=-]{1,128}\\$?[\\w./+=-]{20,}' },
  { id: 'password-hash', marks: ['{SSHA}', '{SHA}', '{SSHA256}', '{SSHA384}', '{SSHA512}', '{SMD5}', '{MD5}', '{CRYPT}', '{PBKDF2'], rest: '[\\w+/.$}=-]{20,}' },
];

export const TOKEN_SHAPES: readonly TokenShape[] = [...DOCUMENTED, ...MARKED];

function tokenOf({ id, marks, rest, before, alone }: TokenShape): Marked {
  const following = new RegExp(rest, 'y');
  const preceding = before === undefined ? undefined : new RegExp(`(?<=(${before}))`, 'y');
  return {
    id,
    marks,
    locate: (text, at, mark) => {
      let start = at;
      if (preceding !== undefined) {
        preceding.lastIndex = at;
        const found = preceding.exec(text);
        if (found === null) return undefined;
        start -= (found[1] as string).length;
      }
      // First: a long run must not be read and then refused.
      if (alone && !startsAlone(text, start)) return undefined;
      following.lastIndex = at + mark.length;
      return following.test(text) ? { start, end: following.lastIndex } : undefined;
    },
  };
}

export const TOKENS: readonly Marked[] = TOKEN_SHAPES.map(tokenOf);
