/**
 * Formats of secrets by the rules of gitleaks v8.30.1 (config/gitleaks.toml), rewritten by src/redact/secret-rows.mjs. Do not edit.
 *
 * MIT License
 *
 * Copyright (c) 2019 Zachary Rice
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy
 * of this software and associated documentation files (the "Software"), to deal
 * in the Software without restriction, including without limitation the rights
 * to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 * copies of the Software, and to permit persons to whom the Software is
 * furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all
 * copies or substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 * IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 * FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 * AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 * LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 * OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 * SOFTWARE.
 */
/** Secrets with a literal prefix. */
// biome-ignore format: one row, one line.
export const MARKED = [
  { id: '1password-secret-key', marks: ['A3-'], rest: '[A-Z0-9]{6}-(?:[A-Z0-9]{11}|(?:[A-Z0-9]{6}-[A-Z0-9]{5}))-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5,}', alone: true },
  { id: 'adobe-client-secret', marks: ['p8e-'], rest: '[A-Za-z0-9]{32,}', alone: true },
  { id: 'airtable-personnal-access-token', marks: ['pat'], rest: '[A-Za-z0-9]{14}\\.[0-9a-f]{64}(?![0-9a-f])', alone: true },
  { id: 'alibaba-access-key-id', marks: ['LTAI'], rest: '[A-Za-z0-9]{20}(?![A-Za-z0-9])', alone: true },
  { id: 'artifactory-api-key', marks: ['AKCp'], rest: '[A-Za-z0-9]{69}(?![A-Za-z0-9])', alone: true },
  { id: 'artifactory-reference-token', marks: ['cmVmd'], rest: '[A-Za-z0-9]{59,}', alone: true },
  { id: 'authress-service-client-access-key', marks: ['sc_', 'ext_', 'scauth_', 'authress_'], rest: '[A-Za-z0-9]{5,30}\\.[A-Za-z0-9]{4,6}\\.acc[_-][A-Za-z0-9-]{10,32}\\.[\\w+/=-]{30,}', alone: true },
  { id: 'clickhouse-cloud-api-secret-key', marks: ['4b1d'], rest: '[A-Za-z0-9]{38}(?![A-Za-z0-9])', alone: true },
  { id: 'clojars-api-token', marks: ['CLOJARS_'], rest: '[A-Za-z0-9]{60,}' },
  { id: 'cloudflare-origin-ca-key', marks: ['v1.0-'], rest: '[0-9a-f]{24}-[0-9a-f]{146,}', alone: true },
  { id: 'duffel-api-token', marks: ['duffel_test_', 'duffel_live_'], rest: '[\\w=-]{43,}' },
  { id: 'dynatrace-api-token', marks: ['dt0c01.'], rest: '[A-Za-z0-9]{24}\\.[A-Za-z0-9]{64,}' },
  { id: 'easypost-api-token', marks: ['EZAK'], rest: '[A-Za-z0-9]{54}(?![A-Za-z0-9])', alone: true },
  { id: 'easypost-test-api-token', marks: ['EZTK'], rest: '[A-Za-z0-9]{54}(?![A-Za-z0-9])', alone: true },
  { id: 'flutterwave-encryption-key', marks: ['FLWSECK_TEST-'], rest: '[0-9A-Ha-h]{12,}' },
  { id: 'flyio-access-token', marks: ['fo1_'], rest: '[\\w-]{43,}', alone: true },
  { id: 'flyio-access-token', marks: ['fm1a_', 'fm1r_', 'fm2_'], rest: '[A-Za-z0-9+/=]{100,}', alone: true },
  { id: 'frameio-api-token', marks: ['fio-u-'], rest: '[\\w=-]{64,}' },
  { id: 'harness-api-key', marks: ['pat.', 'sat.'], rest: '[\\w-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20,}' },
  { id: 'hashicorp-tf-api-token', marks: ['.atlasv1.'], rest: '[\\w=-]{60,}', before: '[A-Za-z0-9]{14}' },
  { id: 'heroku-api-key-v2', marks: ['HRKU-AA'], rest: '[\\w-]{58,}', alone: true },
  { id: 'infracost-api-token', marks: ['ico-'], rest: '[A-Za-z0-9]{32,}', alone: true },
  { id: 'intra42-client-secret', marks: ['s-s4t2ud-', 's-s4t2af-'], rest: '[0123456789ABCDEFabcdef]{64,}', alone: true },
  { id: 'maxmind-license-key', marks: ['_mmk'], rest: '', before: '[A-Za-z0-9]{6}_[A-Za-z0-9]{29}', alone: true },
  { id: 'octopus-deploy-api-key', marks: ['API-'], rest: '[A-Z0-9]{26,}', alone: true },
  { id: 'openshift-user-token', marks: ['sha256~'], rest: '[\\w-]{43,}', alone: true },
  { id: 'prefect-api-token', marks: ['pnu_'], rest: '[A-Za-z0-9]{36,}', alone: true },
  { id: 'pulumi-api-token', marks: ['pul-'], rest: '[0-9a-f]{40,}', alone: true },
  { id: 'readme-api-token', marks: ['rdme_'], rest: '[a-z0-9]{70,}', alone: true },
  { id: 'scalingo-api-token', marks: ['tk-us-'], rest: '[\\w-]{48,}', alone: true },
  { id: 'sendinblue-api-token', marks: ['xkeysib-'], rest: '[0-9a-f]{64}-[A-Za-z0-9]{16,}', alone: true },
  { id: 'settlemint-application-access-token', marks: ['sm_aat_'], rest: '[A-Za-z0-9]{16,}', alone: true },
  { id: 'settlemint-personal-access-token', marks: ['sm_pat_'], rest: '[A-Za-z0-9]{16,}', alone: true },
  { id: 'settlemint-service-access-token', marks: ['sm_sat_'], rest: '[A-Za-z0-9]{16,}', alone: true },
  { id: 'shippo-api-token', marks: ['shippo_live_', 'shippo_test_'], rest: '[0-9A-Fa-f]{40,}', alone: true },
];

/** Secrets recognised only by the name before them. */
// biome-ignore format: one row, one line.
export const NAMED = [
  { id: 'adafruit-api-key', names: ['adafruit'], value: '[a-z0-9_-]{32}' },
  { id: 'airtable-api-key', names: ['airtable'], value: '[a-z0-9]{17}' },
  { id: 'algolia-api-key', names: ['algolia'], value: '[a-z0-9]{32}' },
  { id: 'alibaba-secret-key', names: ['alibaba'], value: '[a-z0-9]{30}', entropy: 2 },
  { id: 'asana-client-secret', names: ['asana'], value: '[a-z0-9]{32}' },
  { id: 'beamer-api-token', names: ['beamer'], value: 'b_[a-z0-9=_-]{44}' },
  { id: 'bitbucket-client-secret', names: ['bitbucket'], value: '[a-z0-9=_-]{64}' },
  { id: 'bittrex-access-key', names: ['bittrex'], value: '[a-z0-9]{32}' },
  { id: 'bittrex-secret-key', names: ['bittrex'], value: '[a-z0-9]{32}' },
  { id: 'cisco-meraki-api-key', names: ['meraki'], value: '[0-9a-f]{40}', entropy: 3 },
  { id: 'cloudflare-api-key', names: ['cloudflare'], value: '[a-z0-9_-]{40}', entropy: 2 },
  { id: 'cloudflare-global-api-key', names: ['cloudflare'], value: '[0-9a-f]{37}', entropy: 2 },
  { id: 'codecov-access-token', names: ['codecov'], value: '[a-z0-9]{32}' },
  { id: 'cohere-api-token', names: ['cohere', 'co_api_key'], value: '[A-Za-z0-9]{40}', entropy: 4 },
  { id: 'coinbase-access-token', names: ['coinbase'], value: '[a-z0-9_-]{64}' },
  { id: 'confluent-access-token', names: ['confluent'], value: '[a-z0-9]{16}' },
  { id: 'confluent-secret-key', names: ['confluent'], value: '[a-z0-9]{64}' },
  { id: 'contentful-delivery-api-token', names: ['contentful'], value: '[a-z0-9=_-]{43}' },
  { id: 'datadog-access-token', names: ['datadog'], value: '[a-z0-9]{40}' },
  { id: 'defined-networking-api-token', names: ['dnkey'], value: 'dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}' },
  { id: 'discord-api-token', names: ['discord'], value: '[0-9a-f]{64}' },
  { id: 'discord-client-secret', names: ['discord'], value: '[a-z0-9=_-]{32}', entropy: 2 },
  { id: 'droneci-access-token', names: ['droneci'], value: '[a-z0-9]{32}' },
  { id: 'dropbox-api-token', names: ['dropbox'], value: '[a-z0-9]{15}' },
  { id: 'dropbox-long-lived-api-token', names: ['dropbox'], value: '[a-z0-9]{11}AAAAAAAAAA[a-z0-9=_-]{43}' },
  { id: 'dropbox-short-lived-api-token', names: ['dropbox'], value: 'sl\\.[a-z0-9=_-]{135}' },
  { id: 'etsy-access-token', names: ['etsy'], value: '[a-z0-9]{24}', entropy: 3 },
  { id: 'facebook-secret', names: ['facebook'], value: '[0-9a-f]{32}', entropy: 3 },
  { id: 'fastly-api-token', names: ['fastly'], value: '[a-z0-9=_-]{32}' },
  { id: 'finicity-api-token', names: ['finicity'], value: '[0-9a-f]{32}' },
  { id: 'finicity-client-secret', names: ['finicity'], value: '[a-z0-9]{20}' },
  { id: 'finnhub-access-token', names: ['finnhub'], value: '[a-z0-9]{20}' },
  { id: 'flickr-access-token', names: ['flickr'], value: '[a-z0-9]{32}' },
  { id: 'freshbooks-access-token', names: ['freshbooks'], value: '[a-z0-9]{64}' },
  { id: 'gitter-access-token', names: ['gitter'], value: '[a-z0-9_-]{40}' },
  { id: 'gocardless-api-token', names: ['gocardless'], value: 'live_[\\w=-]{40}' },
  { id: 'heroku-api-key', names: ['heroku'], value: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' },
  { id: 'hubspot-api-key', names: ['hubspot'], value: '[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}' },
  { id: 'intercom-api-key', names: ['intercom'], value: '[a-z0-9=_-]{60}' },
  { id: 'jfrog-api-key', names: ['jfrog', 'artifactory', 'bintray', 'xray'], value: '[a-z0-9]{73}' },
  { id: 'jfrog-identity-token', names: ['jfrog', 'artifactory', 'bintray', 'xray'], value: '[a-z0-9]{64}' },
  { id: 'kraken-access-token', names: ['kraken'], value: '[a-z0-9+/=_-]{80,90}' },
  { id: 'kucoin-access-token', names: ['kucoin'], value: '[0-9a-f]{24}' },
  { id: 'kucoin-secret-key', names: ['kucoin'], value: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' },
  { id: 'launchdarkly-access-token', names: ['launchdarkly'], value: '[a-z0-9=_-]{40}' },
  { id: 'linear-client-secret', names: ['linear'], value: '[0-9a-f]{32}', entropy: 2 },
  { id: 'linkedin-client-secret', names: ['linkedin', 'linked_in', 'linked-in'], value: '[a-z0-9]{16}', entropy: 2 },
  { id: 'lob-api-key', names: ['lob'], value: '(?:live|test)_[0-9a-f]{35}' },
  { id: 'looker-client-secret', names: ['looker'], value: '[a-z0-9]{24}' },
  { id: 'mailchimp-api-key', names: ['mailchimpsdk.initialize', 'mailchimp'], value: '[0-9a-f]{32}-us\\d\\d' },
  { id: 'mailgun-private-api-token', names: ['mailgun'], value: 'key-[0-9a-f]{32}' },
  { id: 'mailgun-signing-key', names: ['mailgun'], value: '[0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8}' },
  { id: 'mattermost-access-token', names: ['mattermost'], value: '[a-z0-9]{26}' },
  { id: 'messagebird-api-token', names: ['messagebird', 'message_bird', 'message-bird'], value: '[a-z0-9]{25}' },
  { id: 'netlify-access-token', names: ['netlify'], value: '[a-z0-9=_-]{40,46}' },
  { id: 'new-relic-insert-key', names: ['new-relic', 'newrelic', 'new_relic'], value: 'NRII-[a-z0-9-]{32}' },
  { id: 'new-relic-user-api-key', names: ['new-relic', 'newrelic', 'new_relic'], value: 'NRAK-[a-z0-9]{27}' },
  { id: 'nytimes-access-token', names: ['nytimes', 'new-york-times', 'newyorktimes'], value: '[a-z0-9=_-]{32}' },
  { id: 'okta-access-token', names: ['okta'], value: '00[\\w=-]{40}', entropy: 4 },
  { id: 'plaid-api-token', names: ['plaid'], value: 'access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' },
  { id: 'plaid-secret-key', names: ['plaid'], value: '[a-z0-9]{30}', entropy: 3.5 },
  { id: 'privateai-api-token', names: ['privateai', 'private_ai', 'private-ai'], value: '[a-z0-9]{32}', entropy: 3 },
  { id: 'rapidapi-access-token', names: ['rapidapi'], value: '[a-z0-9_-]{50}' },
  { id: 'sendbird-access-token', names: ['sendbird'], value: '[0-9a-f]{40}' },
  { id: 'sentry-access-token', names: ['sentry'], value: '[0-9a-f]{64}', entropy: 3 },
  { id: 'sidekiq-secret', names: ['bundle_enterprise__contribsys__com', 'bundle_gems__contribsys__com'], value: '[0-9a-f]{8}:[0-9a-f]{8}' },
  { id: 'squarespace-access-token', names: ['squarespace'], value: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' },
  { id: 'sumologic-access-token', names: ['sumo'], value: '[a-z0-9]{64}', entropy: 3 },
  { id: 'telegram-bot-api-token', names: ['telegr'], value: '\\d{5,16}:A[a-z0-9_-]{34}' },
  { id: 'travisci-access-token', names: ['travis'], value: '[a-z0-9]{22}' },
  { id: 'twitch-api-token', names: ['twitch'], value: '[a-z0-9]{30}' },
  { id: 'twitter-access-secret', names: ['twitter'], value: '[a-z0-9]{45}' },
  { id: 'twitter-access-token', names: ['twitter'], value: '\\d{15,25}-[A-Za-z0-9]{20,40}' },
  { id: 'twitter-api-key', names: ['twitter'], value: '[a-z0-9]{25}' },
  { id: 'twitter-api-secret', names: ['twitter'], value: '[a-z0-9]{50}' },
  { id: 'twitter-bearer-token', names: ['twitter'], value: 'A{22}[A-Za-z0-9%]{80,100}' },
  { id: 'typeform-api-token', names: ['typeform'], value: 'tfp_[a-z0-9.=_-]{59}' },
  { id: 'yandex-api-key', names: ['yandex'], value: 'AQVN[\\w-]{35,38}' },
  { id: 'yandex-aws-access-token', names: ['yandex'], value: 'YC[\\w-]{38}' },
  { id: 'zendesk-secret-key', names: ['zendesk'], value: '[a-z0-9]{40}' },
];
