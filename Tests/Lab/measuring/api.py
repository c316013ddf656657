"""A connection to the lab's API server as its admin, kept open: what is measured isn't the start of a program."""
import http.client
import json
import ssl


class API:
    def __init__(self, folder):
        """folder: where Tests/Lab/apiserver keeps its files."""
        self.host = open(f"{folder}/url").read().strip().removeprefix("https://")
        self.context = ssl.create_default_context(cafile=f"{folder}/ca.crt")
        self.context.load_cert_chain(f"{folder}/admin.crt", f"{folder}/admin.key")
        self.connection = None

    def call(self, method, path, body=None, kind="application/json", accept=()):
        """The answer's object; any status of 400 and more that isn't in `accept` is an error."""
        text = json.dumps(body) if body is not None else None
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=30)
                self.connection.request(method, path, text, {"Content-Type": kind})
                answer = self.connection.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        if answer.status >= 400 and answer.status not in accept:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]}")
        return json.loads(data) if data else None

    def merge(self, path, change):
        return self.call("PATCH", path, change, "application/merge-patch+json")
