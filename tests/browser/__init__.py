"""The renderer in a real browser: alone on a page, and in JupyterLab and Notebook 7."""
