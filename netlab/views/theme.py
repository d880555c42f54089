"""The style sheets of all views, in `style/`: what they share is `base.css`, and each has its own.

Every colour is a CSS variable. In JupyterLab ink and paper are those of its theme; elsewhere they
are the browser's own. The hues are apart for colour-blind eyes too, and each text has a contrast of
at least 4.5 to 1 with its paper in both themes. Where a reader has set colours of their own
(`forced-colors`), those hold; so nothing is ever told by a hue alone.
"""

import pkgutil
import re
from functools import cache


@cache
def style(*names: str) -> str:
    """What `base.css` and the style sheets with these names say, without comments and blanks."""
    sheets = [pkgutil.get_data("netlab.views", f"style/{name}.css") for name in ("base", *names)]
    css = b"".join(filter(None, sheets)).decode()
    css = re.sub(r"/\*.*?\*/|\n\s*", "", css, flags=re.DOTALL)
    return re.sub(r"([{;:,])\s+|\s*;?\s*(?=[{}])", r"\1", css)
