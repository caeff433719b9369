"""JupyterLab served on this machine alone, and Chromium to look at it."""

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
# Without the last flags, Chromium looks for hosts of its maker's at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Another ipywidgets than the installed one, as `pip install --target` leaves it: its Python part
# and its browser part.
WIDGETS = os.environ.get("BROWSER_TEST_WIDGETS")
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {
        "windowingMode": "none"
    },  # else cells out of sight are not drawn
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def fresh_copy(path, folder):
    """A notebook without its outputs: stored ones would make a test pass before anything ran."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / path.name)


@contextlib.contextmanager
def jupyter_lab(folder, drive_url):
    """Serves JupyterLab over a folder, with its own settings; yields the address and its token."""
    home = folder / ".jupyter"
    for name, setting in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "COLAB_HELPERS_DRIVE": drive_url,
        "PYTHONPATH": os.pathsep.join([WIDGETS, str(ROOT)] if WIDGETS else [str(ROOT)]),
        **({"JUPYTER_PATH": str(Path(WIDGETS, "share", "jupyter"))} if WIDGETS else {}),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
    }
    # A reader sets none of these; with the second, ipykernel hides what libraries print.
    for name in ("MPLBACKEND", "PYTEST_CURRENT_TEST", "TF_CPP_MIN_LOG_LEVEL"):
        environment.pop(name, None)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", "--port=0"),
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.user_settings_dir={home / 'settings'}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = home / "log.txt"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield f"{_address(server, log)}/lab{{}}?reset&token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _address(server, log):
    end = time.monotonic() + 90
    while time.monotonic() < end:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if found:
                urllib.request.urlopen(f"{found[0]}/api", timeout=5)
                return found[0]
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def chromium():
    """A headless Chromium with a profile of its own; yields what opens a new page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield lambda height=1000: browser.new_page(viewport={"width": 1280, "height": height})
        finally:
            browser.close()


# What is wider than the place it has, by cell: code, a table, a line of text. One pixel is a matter
# of rounding.
CUT_OFF = """panel => [...panel.querySelectorAll(".jp-Cell")].flatMap((cell, number) =>
    [...cell.querySelectorAll(
        ".jp-InputArea-editor .cm-scroller," +
        ".jp-OutputArea-output, .jp-OutputArea-output :is(pre, table)," +
        ".jp-RenderedMarkdown, .jp-RenderedMarkdown :is(pre, table)")
    ].filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0).map(part =>
        `cell ${number}: ${part.scrollWidth} of ${part.clientWidth} pixels: ` +
        part.textContent.trim().slice(0, 60)))"""


class Notebook:
    """A notebook in JupyterLab, as a reader handles it."""

    def __init__(self, page, address):
        self.page = page
        page.goto(address, timeout=120_000)
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.panel.locator(".jp-CodeCell").first.wait_for(timeout=120_000)
        self.wait_until_idle()

    def wait_until_idle(self, seconds=300):
        """By the status bar; the notebook's own indicator says idle before there is a kernel."""
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(
            timeout=seconds * 1000
        )

    def run_all(self, seconds=300):
        """Menu Run > Run All Cells; waits until the last cell has its number."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        last = self.code_cells().locator(".jp-InputArea-prompt").last  # a folded cell has none
        self.page.wait_for_function(
            "prompt => /\\[\\d+\\]/.test(prompt.textContent)",
            arg=last.element_handle(),
            timeout=seconds * 1000,
        )
        self.wait_until_idle()

    def code_cells(self):
        return self.panel.locator(".jp-CodeCell")

    def errors(self):
        """The texts of all error outputs."""
        return self.panel.locator(
            "[data-mime-type='application/vnd.jupyter.error']"
        ).all_inner_texts()

    def warnings(self):
        """What stands on stderr, where a reader sees it on a red ground."""
        return self.panel.locator(
            "[data-mime-type='application/vnd.jupyter.stderr']"
        ).all_inner_texts()

    def cut_off(self):
        """What is not seen without scrolling to the right, a line each."""
        return self.panel.evaluate(CUT_OFF)

    def pictures(self, folder):
        """Takes a picture of each code cell that shows something; returns how many."""
        folder.mkdir(parents=True, exist_ok=True)
        shown = 0
        for number, cell in enumerate(self.code_cells().all(), start=1):
            if cell.locator(".jp-OutputArea-output").count():
                cell.scroll_into_view_if_needed()
                cell.screenshot(path=folder / f"cell_{number:02}.png")
                shown += 1
        return shown


class StoredNotebook(Notebook):
    """A notebook with the outputs it was stored with: no kernel runs. Pages are used again."""

    def __init__(self, page, path, cells):
        self.page = page
        # The commands return things of JupyterLab's that cannot leave the page: `null` instead.
        page.evaluate("() => jupyterapp.commands.execute('application:close').then(() => null)")
        page.evaluate(
            """path => jupyterapp.commands.execute("docmanager:open", {path, factory: "Notebook",
                kernelPreference: {shouldStart: false, canStart: false}}).then(() => null)""",
            path,
        )
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.panel.locator(f":nth-match(.jp-Cell, {cells})").wait_for(
            timeout=120_000
        )  # they come one by one
