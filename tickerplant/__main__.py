"""`python -m tickerplant`."""

from tickerplant.cli.main import run

if __name__ == "__main__":
    run()
