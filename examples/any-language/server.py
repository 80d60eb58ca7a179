"""An MCP server without a library and without telemetry: it tells how far away a city is."""
import json
import sys

DISTANCES = {"Porto": 313, "Faro": 277}
TOOL = {
    "name": "distance",
    "description": "Kilometres from Lisbon to a city",
    "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def text(value, is_error=False):
    return {"content": [{"type": "text", "text": value}], "isError": is_error}


def call(arguments):
    city = arguments.get("city")
    return text(f"{DISTANCES[city]} km") if city in DISTANCES else text("unknown city", is_error=True)


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "distances", "version": "1.0.0"},
        }
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        return call(params.get("arguments", {}))
    return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and "method" in message:
        result = answer(message["method"], message.get("params", {}))
        outcome = {"error": {"code": -32601, "message": "unknown method"}} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)
