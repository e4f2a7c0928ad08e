"""Formulas on pages that work with the network off."""

# The MathJax that jupyter_server_mathjax ships has one set of fonts.
FONTS = """<script type="text/x-mathjax-config">
MathJax.Hub.Config({"HTML-CSS": {availableFonts: [], preferredFont: null, imageFont: null, webFont: "STIX-Web"}});
</script>"""
