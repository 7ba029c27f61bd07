"""The two addresses of files outside the Web API: one takes the bytes of an upload, one gives them back to the app."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from bot.playground.faults import UPLOAD, Fault, Faults, Strike
from bot.playground.weather import after, before
from bot.playground.wire import RefusalError
from bot.playground.workspace import Workspace


@dataclass(slots=True)
class Uploads:
    """Answers /upload/v1/<ticket> and /files-pri/<team>-<file>/<name>."""

    workspace: Workspace
    faults: Faults
    bot_token: str

    async def on_upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file's bytes, raw or as the one file of a form: `OK - <length>`, or a sentence with status 400."""
        strike = self.faults.take(UPLOAD)
        early = await before(request, UPLOAD, strike, self.workspace.journal)
        if early is not None:
            return early
        content = await _content(request)
        try:
            _refuse(strike, Fault.REFUSED_BEFORE)
            file = self.workspace.files.receive(request.match_info["ticket"], content)
            _refuse(strike, Fault.REFUSED_AFTER)
        except RefusalError as refusal:
            if strike is None or strike.code != refusal.code:
                self.workspace.journal.blame(refusal.code, UPLOAD, "; ".join(refusal.messages))
            return web.Response(status=refusal.status, text=refusal.code)
        return after(request, strike) or web.Response(text=f"OK - {file.size}")

    async def on_download(self, request: web.Request) -> web.StreamResponse:
        """Give a file to the bot's token if it has files:read; anybody else gets a page to sign in, status 200."""
        team_and_id = request.match_info["key"]
        file = self.workspace.files.get(team_and_id.partition("-")[2])
        is_allowed = "files:read" in self.workspace.manifest.scopes
        if request.headers.get("Authorization") != f"Bearer {self.bot_token}" or not is_allowed:
            self.workspace.journal.blame("file_not_readable", "url_private", "the bot token and files:read are needed")
            return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")
        if file is None or not file.is_ready:
            raise web.HTTPNotFound(text="file_not_found")
        return web.Response(body=file.content, content_type=file.mimetype)


def _refuse(strike: Strike | None, fault: Fault) -> None:
    if strike is not None and strike.fault is fault:
        raise RefusalError(strike.code, status=HTTPStatus.BAD_REQUEST)


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
