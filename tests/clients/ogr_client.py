"""GDAL's own bindings write to a layer; run by the Python that they belong to.

`ogr_client.py DATASET LAYER` reads steps as JSON from the standard input and prints what each has given:
`{"add": values}`, `{"where": expression, "set": values}`, `{"sql": statement}`; values have the geometry
as text at "geom". A step that fails gives `{"fails": message}`.
"""

import json
import sys

from osgeo import gdal, ogr

ogr.UseExceptions()
gdal.UseExceptions()


def carried_out(dataset, layer, step):
    """What a step gives."""
    if "sql" in step:
        dataset.ExecuteSQL(step["sql"])
        return None
    if "add" in step:
        feature = ogr.Feature(layer.GetLayerDefn())
        fill(feature, step["add"])
        layer.CreateFeature(feature)
        return feature.GetField("gml_id")
    layer.SetAttributeFilter(step["where"])
    found = list(layer)
    for feature in found:
        fill(feature, step["set"])
        layer.SetFeature(feature)
    layer.SetAttributeFilter(None)
    return len(found)


def fill(feature, values):
    """Give a feature values."""
    for name, value in values.items():
        if name == "geom":
            feature.SetGeometry(ogr.CreateGeometryFromWkt(value))
        elif value is None:
            feature.SetFieldNull(name)
        else:
            feature.SetField(name, value)


def main(address, name):
    """Carry out the steps, each in a dataset opened anew."""
    gave = []
    for step in json.load(sys.stdin):
        try:
            dataset = gdal.OpenEx(address, gdal.OF_UPDATE | gdal.OF_VECTOR)
            gave.append({"gives": carried_out(dataset, dataset.GetLayerByName(name), step)})
        except RuntimeError as mistake:
            gave.append({"fails": str(mistake)})
    json.dump(gave, sys.stdout)


main(*sys.argv[1:])
