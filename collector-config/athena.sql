-- Amazon Athena (engine version 3) on the archive of backends/archive-s3.yaml. Not run: replace BUCKET, and try it on your own.
-- Partitions are calculated, so that no crawler is needed. A query must name its services.

CREATE EXTERNAL TABLE mcp_audit_objects (
  resourceLogs array<struct<scopeLogs: array<struct<logRecords: array<struct<eventName: string, body: struct<stringValue: string>>>>>>>
)
PARTITIONED BY (service string, year string, month string, day string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://BUCKET/mcp-audit/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.service.type' = 'injected',
  'projection.year.type' = 'integer', 'projection.year.range' = '2026,2040',
  'projection.month.type' = 'integer', 'projection.month.range' = '1,12', 'projection.month.digits' = '2',
  'projection.day.type' = 'integer', 'projection.day.range' = '1,31', 'projection.day.digits' = '2',
  'storage.location.template' = 's3://BUCKET/mcp-audit/service=${service}/year=${year}/month=${month}/day=${day}/'
);

-- Who did what on a day. A record that was sent twice is there twice: count its id once.
SELECT DISTINCT
  json_extract_scalar(body.stringvalue, '$["time"]') AS time,
  json_extract_scalar(body.stringvalue, '$["audit.actor.id"]') AS actor,
  json_extract_scalar(body.stringvalue, '$["audit.target.id"]') AS target,
  json_extract_scalar(body.stringvalue, '$["audit.outcome"]') AS outcome,
  json_extract_scalar(body.stringvalue, '$["audit.record.id"]') AS id
FROM mcp_audit_objects
CROSS JOIN UNNEST(resourcelogs) AS resource_log (scopelogs)
CROSS JOIN UNNEST(scopelogs) AS scope_log (logrecords)
CROSS JOIN UNNEST(logrecords) AS log_record (event_name, body)
WHERE service = 'weather' AND year = '2026' AND month = '11' AND day = '30' AND event_name = 'mcp_audit.response'
ORDER BY 1;
