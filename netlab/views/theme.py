"""The colours and type that all pictures share.

Everything is a CSS variable. In JupyterLab ink and paper are those of its theme; elsewhere they are
the browser's own. The hues are apart for colour-blind eyes too, and each text has a contrast of at
least 4.5 to 1 with its paper in both themes. Where a reader has set colours of their own
(`forced-colors`), those hold; so nothing is ever told by a hue alone.
"""

HUES = {
    "blue": ("#0b5cad", "#6db5ff"),
    "green": ("#00704d", "#40cf9b"),
    "orange": ("#a84d00", "#ffb14e"),
    "red": ("#bd2c08", "#ff8c6b"),
    "purple": ("#7439a6", "#cda3f5"),
    "pink": ("#a62b6b", "#f492c0"),
    "grey": ("#5a626e", "#a7b0bd"),
}
"""Each hue on light paper and on dark."""


def _variables() -> str:
    light = "".join(f"--nl-{name}:{on_light};" for name, (on_light, _) in HUES.items())
    both = "".join(f"--nl-{name}:light-dark({a},{b});" for name, (a, b) in HUES.items())
    forced = "".join(f"--nl-{name}:CanvasText;" for name in HUES)
    return (
        ".nl-view{--nl-ink:var(--jp-ui-font-color1,CanvasText);"
        "--nl-paper:var(--jp-layout-color0,Canvas);"
        "--nl-sans:var(--jp-ui-font-family,system-ui,sans-serif);"
        "--nl-mono:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);"
        f"--nl-rule:#bbb;--nl-wash:#f3f5f8;{light}}}"
        "@supports(color:light-dark(red,red)){.nl-view{"
        f"--nl-rule:light-dark(#c3c8d0,#4a505a);--nl-wash:light-dark(#f3f5f8,#1d2126);{both}}}}}"
        '[data-jp-theme-light="true"] .nl-view,.vscode-light .nl-view{color-scheme:light}'
        '[data-jp-theme-light="false"] .nl-view,.vscode-dark .nl-view{color-scheme:dark}'
        "@media(forced-colors:active){.nl-view{--nl-ink:CanvasText;--nl-paper:Canvas;"
        f"--nl-rule:GrayText;--nl-wash:Canvas;{forced}--nl-blue:LinkText}}}}"
    )


BASE = _variables() + (
    ".nl-view{max-width:100%;height:auto;color:var(--nl-ink);font:14px var(--nl-sans)}"
    ".nl-view text{fill:var(--nl-ink)}"
    ".nl-view .nl-mono{font-family:var(--nl-mono)}"
    ".nl-view .nl-soft{fill:var(--nl-grey)}"
)
"""What every picture's style sheet begins with."""
