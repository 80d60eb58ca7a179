/** Credentials that providers mark with a prefix of their own. */

/** One shape: rule id, source of the prefix, source of the alphabet that follows, and how much of it at least. */
export interface TokenShape {
  readonly id: string;
  readonly prefix: string;
  readonly alphabet: string;
  readonly min: number;
  /** The prefix is short enough to end an ordinary word (`task-…`), so no letter or digit may stand before it. */
  readonly alone?: true;
}

const ALNUM = '[A-Za-z0-9]';
const WORD = '[\\w-]';
const HEX = '[0-9a-f]';
const DOTTED = '[\\w.-]';

/**
 * No shape is shorter than 20 characters, which is what lets short names skip the whole set.
 * A shape is a literal prefix and one greedy run, so it fails within `min` steps or consumes what it read.
 */
export const TOKEN_SHAPES: readonly TokenShape[] = [
  { id: 'aws', prefix: 'A(?:KIA|SIA|BIA|CCA)', alphabet: '[A-Z0-9]', min: 16 },
  { id: 'aws', prefix: 'ABSK', alphabet: '[A-Za-z0-9+/=]', min: 60 },
  { id: 'gcp', prefix: 'AIza', alphabet: WORD, min: 30 },
  { id: 'gcp', prefix: 'ya29\\.', alphabet: DOTTED, min: 20 },
  { id: 'gcp', prefix: 'GOCSPX-', alphabet: WORD, min: 20 },
  { id: 'azure', prefix: `${ALNUM}{3}\\dQ~`, alphabet: '[\\w~.-]', min: 30 },
  { id: 'github', prefix: 'gh[pousr]_', alphabet: ALNUM, min: 30 },
  { id: 'github', prefix: 'github_pat_', alphabet: '\\w', min: 30 },
  {
    id: 'gitlab',
    prefix: 'gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|oas)-',
    alphabet: DOTTED,
    min: 18,
  },
  { id: 'slack', prefix: 'xox[a-z](?:\\.xox[a-z])?-', alphabet: WORD, min: 15 },
  { id: 'slack', prefix: 'xapp-', alphabet: WORD, min: 15 },
  { id: 'slack', prefix: 'hooks\\.slack\\.com/', alphabet: '[\\w/-]', min: 20 },
  { id: 'stripe', prefix: '[srp]k_(?:live|test)_', alphabet: ALNUM, min: 16 },
  { id: 'stripe', prefix: 'whsec_', alphabet: '[A-Za-z0-9+/=]', min: 20 },
  { id: 'anthropic', prefix: 'sk-ant-', alphabet: WORD, min: 20 },
  {
    id: 'openai',
    prefix: 'sk-(?:proj|svcacct|admin|None)-',
    alphabet: WORD,
    min: 20,
  },
  {
    id: 'openai',
    prefix: 'sk-(?:or-v1-|lf-)?',
    alphabet: ALNUM,
    min: 32,
    alone: true,
  },
  { id: 'npm', prefix: 'npm_', alphabet: ALNUM, min: 30 },
  { id: 'pypi', prefix: 'pypi-Ag', alphabet: WORD, min: 40 },
  { id: 'rubygems', prefix: 'rubygems_', alphabet: HEX, min: 40 },
  { id: 'docker', prefix: 'dckr_(?:pat|oat)_', alphabet: WORD, min: 20 },
  { id: 'huggingface', prefix: 'hf_', alphabet: ALNUM, min: 30, alone: true },
  { id: 'groq', prefix: 'gsk_', alphabet: ALNUM, min: 40, alone: true },
  { id: 'xai', prefix: 'xai-', alphabet: ALNUM, min: 40, alone: true },
  { id: 'perplexity', prefix: 'pplx-', alphabet: ALNUM, min: 40 },
  { id: 'replicate', prefix: 'r8_', alphabet: ALNUM, min: 30, alone: true },
  { id: 'sendgrid', prefix: 'SG\\.', alphabet: DOTTED, min: 40, alone: true },
  { id: 'mailgun', prefix: 'key-', alphabet: HEX, min: 32, alone: true },
  { id: 'twilio', prefix: 'SK', alphabet: HEX, min: 32, alone: true },
  {
    id: 'shopify',
    prefix: 'shp(?:at|ca|pa|ss)_',
    alphabet: '[0-9a-fA-F]',
    min: 32,
  },
  { id: 'digitalocean', prefix: 'do[opr]_v1_', alphabet: HEX, min: 40 },
  { id: 'databricks', prefix: 'dapi', alphabet: HEX, min: 32, alone: true },
  {
    id: 'doppler',
    prefix: 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.',
    alphabet: DOTTED,
    min: 30,
    alone: true,
  },
  { id: 'vault', prefix: 'hv[sbr]\\.', alphabet: WORD, min: 20, alone: true },
  { id: 'linear', prefix: 'lin_(?:api|oauth)_', alphabet: ALNUM, min: 30 },
  { id: 'notion', prefix: 'ntn_', alphabet: ALNUM, min: 30, alone: true },
  { id: 'figma', prefix: 'fig[dou]r?_', alphabet: WORD, min: 30, alone: true },
  { id: 'postman', prefix: 'PMAK-', alphabet: WORD, min: 30 },
  { id: 'newrelic', prefix: 'NRAK-', alphabet: '[A-Z0-9]', min: 20 },
  { id: 'sentry', prefix: 'sntry[su]_', alphabet: '[\\w+/=-]', min: 30 },
  {
    id: 'grafana',
    prefix: 'gl(?:c|sa)_',
    alphabet: '[\\w+/=-]',
    min: 30,
    alone: true,
  },
  {
    id: 'supabase',
    prefix: 'sb(?:p|_secret)_',
    alphabet: WORD,
    min: 20,
    alone: true,
  },
  { id: 'square', prefix: 'sq0[a-z]{3}-', alphabet: WORD, min: 20 },
  { id: 'atlassian', prefix: 'AT[AC]TT3', alphabet: '[\\w=-]', min: 40 },
  {
    id: 'planetscale',
    prefix: 'pscale_(?:tkn|pw|oauth)_',
    alphabet: DOTTED,
    min: 30,
  },
  {
    id: 'telegram',
    prefix: '\\d{8,10}:AA',
    alphabet: WORD,
    min: 30,
    alone: true,
  },
  { id: 'age', prefix: 'AGE-SECRET-KEY-1', alphabet: '[A-Z0-9]', min: 40 },
];
