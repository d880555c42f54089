"""The programs beside Python that some tests want, and what to do where one is missing.

A person's machine may lack them: the test is skipped, with the reason. Continuous integration
(`CI=true`) has them all, so there a missing one is a failure, not a test that quietly never runs.
"""

import functools
import os
import shutil
import subprocess

PACKAGES = {"arping": "iputils-arping", "ping": "iputils-ping"}
"""Of programs that have another name than their package."""
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def in_ci() -> bool:
    """Whether this is a run of continuous integration, by the variable that all of them set."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def chromium() -> str | None:
    """The path of Chromium or Chrome; the variable `CHROMIUM` names one that is not on the PATH."""
    names = (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES)
    return next(filter(None, map(shutil.which, names)), None)


@functools.cache
def lacking(marker: str) -> str | None:
    """What a test with `marker` wants and isn't here, with what to do; None when all is."""
    match marker:
        case "browser":
            if chromium() is None:
                return "no Chromium: install it, or say where it is by CHROMIUM=/path/to/it"
        case "tshark":
            if shutil.which("tshark") is None:
                return "no tshark: install Wireshark's command line (Debian: tshark)"
        case "netns":
            for program in ("unshare", "ip", "tcpdump"):
                if shutil.which(program) is None:
                    return f"no {program}: install util-linux, iproute2 and tcpdump (Linux only)"
            if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
                return "no right to make a network namespace: run the tests as root"
    return None


def lacking_program(program: str) -> str | None:
    """What to do where a program of the kernel's neighbours is missing; None when it is here."""
    if shutil.which(program) is None:
        return f"no {program}: install {PACKAGES.get(program, program)} (Debian)"
    return None


def other_pythons() -> list[str]:
    """Interpreters of other versions with netlab installed, as `NETLAB_PYTHONS` lists them."""
    return [path for path in os.environ.get("NETLAB_PYTHONS", "").split(os.pathsep) if path]
