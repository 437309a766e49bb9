"""Run on an installation: registers as the benchmarks do, with as many tenants as the soak has."""

from tests.benchmarks import registering

if __name__ == "__main__":
    registering.TENANTS = 200
    registering.main()
