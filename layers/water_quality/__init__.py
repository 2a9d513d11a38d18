"""Classes of surface water (GB 3838-2002) and groundwater (GB/T 14848-2017) by the worst measured value."""
