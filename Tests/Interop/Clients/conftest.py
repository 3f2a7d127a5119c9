pytest_plugins = ["pytest_iii"]
