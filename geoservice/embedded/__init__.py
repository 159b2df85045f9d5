"""The database that the product brings along: a private PostgreSQL cluster with PostGIS.

A deployment without `GEOSERVICE_DATABASE_URL` uses it. Nothing outside needs to be configured:
the cluster has its own data folder, listens on a Unix socket only, admits only the operating
system's user who runs the product, and does not touch other clusters of the machine.
"""

from geoservice.embedded.cluster import Cluster, ClusterStatus, default_data_dir
from geoservice.embedded.packages import install_postgis, postgis_is_installed

__all__ = [
    "Cluster",
    "ClusterStatus",
    "default_data_dir",
    "install_postgis",
    "postgis_is_installed",
]
