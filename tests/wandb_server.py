"""As much of a W&B server as its client needs to believe: it takes the key, the run and the rows, and remembers them.

The client under test is the real one, with its own service process; it is pointed here by WANDB_BASE_URL.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = 40 * "0"
"""A key of the shape that the client accepts."""


class WandbServer:
    """`runs`: what was sent, by id. `denies`: whether every key is refused."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.denies = False
        self._http = _Server(("127.0.0.1", 0), type("Bound", (_Handler,), {"owner": self}))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def environment(self, home: str) -> dict[str, str]:
        """The variables that send a client here, away from the accounts of this machine."""
        return {
            "HOME": home, "NETRC": f"{home}/none", "WANDB_CONFIG_DIR": f"{home}/wandb-config",
            "WANDB_API_KEY": KEY, "WANDB_BASE_URL": self.url,
        }  # fmt: skip

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        match operation:
            case "Viewer":
                viewer = {"id": "1", "entity": "someone", "username": "someone", "flags": "{}", "teams": {"edges": []}}
                return {"viewer": viewer}
            case "UpsertBucket":
                run = self.runs.setdefault(variables["name"], {"rows": []})
                run |= {key: variables[key] for key in ("project", "groupName", "jobType") if variables.get(key)}
                project = {"id": "1", "name": run["project"], "entity": {"id": "1", "name": "someone"}}
                bucket = {"id": "1", "name": variables["name"], "displayName": "x", "config": "{}", "project": project}
                return {"upsertBucket": {"bucket": bucket, "inserted": True}}
            case "CreateRunFiles":
                files = [{"name": name, "uploadUrl": f"{self.url}/storage"} for name in variables["files"]]
                return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}
            case "CreateArtifact":  # a table: known already, so that nothing is uploaded
                sequence = {"id": "1", "latestArtifact": None}
                artifact = {"id": "1", "state": "COMMITTED", "aliases": [], "artifactSequence": sequence}
                return {"createArtifact": {"artifact": artifact}}
        return {}

    def stream(self, run: str, sent: dict[str, Any]) -> None:
        """Rows of a run, as its client sends them from time to time, and its exit code at the end."""
        history = sent.get("files", {}).get("wandb-history.jsonl", {"content": []})
        self.runs[run]["rows"] += [json.loads(line) for line in history["content"]]
        if sent.get("complete"):
            self.runs[run]["exit_code"] = sent["exitcode"]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that hangs up is none of the tests'."""


class _Handler(BaseHTTPRequestHandler):
    owner: WandbServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self._body()
        if self.owner.denies:
            self._send({"errors": [{"message": "user is not logged in"}]}, 401)
        elif self.path == "/graphql":
            asked = json.loads(body)
            self._send({"data": self.owner.answer(asked["operationName"], asked.get("variables") or {})})
        else:
            if self.path.endswith("/file_stream"):
                self.owner.stream(self.path.split("/")[-2], json.loads(body))
            self._send({})

    def do_PUT(self) -> None:
        self._body()
        self._send({})

    def do_GET(self) -> None:
        self._send({})

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _send(self, value: dict[str, Any], status: int = 200) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is the test's."""
