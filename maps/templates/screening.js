// Draws what the page carries in #map-data. Text from files only ever reaches the page as textContent.
function drawScreening(map, groups) {
  "use strict";
  var data = JSON.parse(document.getElementById("map-data").textContent);
  var words = data.words;
  var byKey = {};
  var drawers = {};

  function make(name, className, text, parent) {
    var node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  }

  function pane(name, order, clickable) {
    var node = map.createPane(name);
    node.style.zIndex = order;
    if (!clickable) node.style.pointerEvents = "none";
    // Drawn somewhat beyond the view, so that a small pan shows no bare paper.
    drawers[name] = L.svg({ pane: name, padding: 0.4 });
  }

  pane("graticule", 210, false);
  pane("coverage", 390, false);
  data.panes.forEach(function (kind, index) { pane(kind, 400 + index, true); });
  pane("site-area", 440, true);
  pane("proposal", 445, true);
  pane("overlap", 450, true);
  pane("site-edge", 460, true);
  pane("ticks", 480, false);

  // ---- geometry -----------------------------------------------------------------------------------------------
  function ringHolds(ring, x, y) {
    var inside = false;
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      var a = ring[i], b = ring[j];
      if ((a[1] > y) !== (b[1] > y) && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
    }
    return inside;
  }

  function holds(geometry, x, y) {
    if (geometry.type === "GeometryCollection") {
      return geometry.geometries.some(function (part) { return holds(part, x, y); });
    }
    var polygons = geometry.type === "Polygon" ? [geometry.coordinates]
      : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
    return polygons.some(function (rings) {
      return rings.reduce(function (inside, ring) { return inside !== ringHolds(ring, x, y); }, false);
    });
  }

  function pointsOf(geometry) {
    if (geometry.type === "Point") return [geometry.coordinates];
    if (geometry.type === "MultiPoint") return geometry.coordinates;
    return (geometry.geometries || []).reduce(function (found, part) { return found.concat(pointsOf(part)); }, []);
  }

  function shape(geometry, options) {
    options = Object.assign({ renderer: drawers[options.pane] }, options);
    var dot = Object.assign({}, options, { fillColor: options.pointColor, fillOpacity: 0.9 });
    return L.geoJSON({ type: "Feature", properties: {}, geometry: geometry }, {
      pane: options.pane,
      interactive: options.interactive !== false,
      style: function (feature) {
        var type = feature.geometry.type;
        if (type.indexOf("Point") >= 0) return dot;
        return Object.assign({}, options, type.indexOf("Line") >= 0 ? options.line || {} : {});
      },
      pointToLayer: function (feature, place) {
        return L.circleMarker(place, dot);
      },
    });
  }

  // ---- popups -------------------------------------------------------------------------------------------------
  function section(item) {
    var node = make("section", "found is-" + (item.type || "site"));
    make("h3", null, item.title, node);
    if (item.answer) {
      var line = make("p", "overall", null, node);
      make("span", "label", item.answer[0], line);
      make("span", "chip is-" + item.code, item.answer[1], line);
    }
    var list = make("dl", "facts", null, node);
    item.rows.forEach(function (row) {
      make("dt", null, row[0], list);
      make("dd", null, row[1], list);
    });
    return node;
  }

  function open(place, first, byKeyboard) {
    var found = first === data.site || holds(data.site.geometry, place.lng, place.lat) ? [data.site] : [];
    var seen = {};
    function take(item) {
      if (item === data.site || seen[item.key]) return;
      seen[item.key] = true;
      found.push(item);
    }
    if (first.type === "feature") take(first);
    var upper = data.items.slice().reverse();  // the parts as they lie, the uppermost first
    [["overlap", upper], ["feature", data.items]].forEach(function (pair) {
      var type = pair[0];
      pair[1].forEach(function (item) {
        if (item.type === type && map.hasLayer(groups[item.group]) && holds(item.geometry, place.lng, place.lat)) {
          take(item);
        }
      });
    });
    take(first);
    var content = make("div", "found-here");
    found.forEach(function (item) { content.appendChild(section(item)); });
    var size = map.getSize();
    var popup = L.popup({ maxWidth: Math.min(380, size.x - 60), minWidth: Math.min(240, size.x - 80),
      maxHeight: Math.max(140, Math.round(size.y * 0.62)), autoPanPadding: [12, 12] });
    popup.setLatLng(place).setContent(content).openOn(map);
    reachable(popup.getElement().querySelector(".leaflet-popup-content"), first.title || words.legend);
    var button = popup.getElement().querySelector(".leaflet-popup-close-button");
    if (button) {
      button.setAttribute("aria-label", words.close);
      button.setAttribute("href", "#" + map.getContainer().id);  // Leaflet's own leads nowhere
      button.title = words.close;
      if (byKeyboard) button.focus();
    }
  }

  // What scrolls is reached by the Tab key, or the keyboard could not scroll it.
  function reachable(box, name) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
  }

  function middle(layer) {
    return layer.getLatLng ? layer.getLatLng() : layer.getBounds().getCenter();
  }

  function leaves(layer, use) {
    if (layer.eachLayer) layer.eachLayer(function (part) { leaves(part, use); });
    else use(layer);
  }

  function answerClicks(layer, item, focusable) {
    leaves(layer, function (part) {
      part.on("click", function (event) {
        L.DomEvent.stopPropagation(event);
        open(event.latlng, item, false);
      });
      if (!focusable) return;
      part.on("add", function () {
        var path = part.getElement();
        if (!path) return;
        path.setAttribute("tabindex", "0");
        path.setAttribute("role", "button");
        path.setAttribute("aria-label", item.title);
        path.addEventListener("keydown", function (event) {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          open(middle(part), item, true);
        });
      });
    });
  }

  // ---- layers, parts, site ------------------------------------------------------------------------------------
  data.coverages.forEach(function (one) {
    var style = Object.assign({}, data.styles[one.style], { pane: "coverage", fill: false, interactive: false });
    groups[one.group].addLayer(shape(one.geometry, style));
  });
  data.items.forEach(function (item) {
    var style = Object.assign({}, data.styles[item.style], { pane: item.pane, className: "draw-" + item.type });
    if (item.type === "overlap") style.line = { color: style.pointColor, weight: item.width, opacity: 1, lineCap: "butt" };
    else style.line = { weight: style.weight + 1 };
    var layer = shape(item.geometry, style);
    answerClicks(layer, item, item.type === "overlap");
    groups[item.group].addLayer(layer);
    if (item.label) {
      groups[item.group].addLayer(L.marker(item.at, { pane: "ticks", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "proposal-label", html: make("span", null, item.label), iconSize: null }) }));
    }
    if (!byKey[item.key]) byKey[item.key] = { item: item, layer: layer };
  });
  var siteGroup = groups[data.site.group];
  if (data.site.radius && data.styles["mark-radius"]) {
    pointsOf(data.site.geometry).forEach(function (place) {
      siteGroup.addLayer(L.circle([place[1], place[0]], Object.assign({}, data.styles["mark-radius"], {
        radius: data.site.radius, pane: "site-area", renderer: drawers["site-area"], interactive: false })));
    });
  }
  var area = shape(data.site.geometry, Object.assign({}, data.styles.site,
    { pane: "site-area", stroke: false, radius: 1, className: "draw-site-area" }));
  answerClicks(area, data.site, false);
  siteGroup.addLayer(area);
  [{ color: "#ffffff", weight: 6.5, opacity: 0.95, className: "draw-site-casing" },
    { color: "#111111", weight: 3, className: "draw-site" }].forEach(function (edge, index) {
    // Around a route the white edge lies below the coloured parts, around a parcel above them.
    var below = index === 0 && data.site.geometry.type.indexOf("Line") >= 0;
    var layer = shape(data.site.geometry, Object.assign({ pane: below ? "site-area" : "site-edge", fill: false, radius: 7 }, edge,
      { pointColor: "#111111", lineJoin: "miter" }));
    answerClicks(layer, data.site, index === 1);
    siteGroup.addLayer(layer);
  });

  // ---- graticule: the frame of reference of a map without tiles --------------------------------------------------
  var graticule = L.layerGroup().addTo(map);
  function step(span) {
    var size = Math.pow(10, Math.ceil(Math.log10(span / 4)));
    return span / (size / 5) <= 6 ? size / 5 : span / (size / 2) <= 6 ? size / 2 : size;
  }
  function line(from, to, text, at, className) {
    L.polyline([from, to], { pane: "graticule", renderer: drawers.graticule, interactive: false,
      color: "#8a94a0", weight: 0.7, opacity: 0.55 }).addTo(graticule);
    var label = make("span", null, text);
    L.marker(at, { pane: "ticks", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "tick " + className, html: label, iconSize: null }) }).addTo(graticule);
  }
  function drawGraticule() {
    graticule.clearLayers();
    var view = map.getBounds(), w = view.getWest(), e = view.getEast(), s = view.getSouth(), n = view.getNorth();
    var d = step(Math.max(e - w, n - s)), decimals = Math.max(0, -Math.floor(Math.log10(d) + 1e-9)), i;
    for (i = Math.ceil(w / d); i * d <= e; i++) {
      line([s - d, i * d], [n + d, i * d], (i * d).toFixed(decimals) + "°E", [n, i * d], "tick-lon");
    }
    for (i = Math.ceil(s / d); i * d <= n; i++) {
      line([i * d, w - d], [i * d, e + d], (i * d).toFixed(decimals) + "°N", [i * d, w], "tick-lat");
    }
  }
  map.on("moveend resize", drawGraticule);

  // ---- controls -----------------------------------------------------------------------------------------------
  function fold(box, body, title, closed) {
    var button = make("button", "fold-title", title);
    button.type = "button";
    function show(isOpen) {
      button.setAttribute("aria-expanded", String(isOpen));
      body.hidden = !isOpen;
    }
    button.addEventListener("click", function () { show(body.hidden); });
    box.insertBefore(button, body);
    show(!closed);
  }
  var small = window.matchMedia("(max-width: 799px), (max-height: 599px)").matches;
  var layersBox = map.getContainer().querySelector(".leaflet-control-layers");
  if (layersBox) fold(layersBox, layersBox.querySelector("form"), words.layer_control, small);
  var legendBox = document.getElementById("legend");
  var LegendControl = L.Control.extend({
    options: { position: "bottomright" },
    onAdd: function () {
      L.DomEvent.disableClickPropagation(legendBox);
      L.DomEvent.disableScrollPropagation(legendBox);
      return legendBox;
    },
  });
  fold(legendBox, legendBox.querySelector(".fold-body"), words.legend, small);
  reachable(legendBox.querySelector(".fold-body"), words.legend);
  map.getContainer().setAttribute("role", "main");
  map.addControl(new LegendControl());
  var NorthControl = L.Control.extend({
    options: { position: "topleft" },
    onAdd: function () {
      var box = make("div", "north");
      make("span", null, words.north, box);
      var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 20 26");
      svg.setAttribute("aria-hidden", "true");
      [["M10 0L18 25L10 19Z", "#1c2733"], ["M10 0L2 25L10 19Z", "#ffffff"]].forEach(function (half) {
        var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", half[0]);
        path.setAttribute("fill", half[1]);
        path.setAttribute("stroke", "#1c2733");
        svg.appendChild(path);
      });
      box.appendChild(svg);
      return box;
    },
  });
  map.addControl(new NorthControl());
  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  if (map.zoomControl) {
    [["in", words.zoom_in], ["out", words.zoom_out]].forEach(function (pair) {
      var link = map.zoomControl.getContainer().querySelector(".leaflet-control-zoom-" + pair[0]);
      link.title = pair[1];
      link.setAttribute("aria-label", pair[1]);
    });
  }
  document.querySelectorAll("[data-go]").forEach(function (button) {
    var found = byKey[button.getAttribute("data-go")];
    if (!found) { button.disabled = true; return; }
    button.addEventListener("click", function () {
      var group = groups[found.item.group];
      if (!map.hasLayer(group)) map.addLayer(group);
      map.fitBounds(found.layer.getBounds(), { maxZoom: 17, padding: [30, 30], animate: false });
      open(middle(found.layer), found.item, true);
    });
  });
  // The controls on the right cover ground: the first view leaves them room. Not animated: what is drawn while
  // Leaflet animates is cut to where the view was.
  map.fitBounds(data.view, { maxZoom: 18, animate: false, paddingTopLeft: [12, 12],
    paddingBottomRight: [small || !layersBox ? 12 : layersBox.offsetWidth + 12, 12] });
  drawGraticule();
  if (window.ResizeObserver) {
    new ResizeObserver(function () { map.invalidateSize({ animate: false }); }).observe(map.getContainer());
  }
}
