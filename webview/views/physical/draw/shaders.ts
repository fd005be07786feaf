/** The shaders of webglRenderer.ts. A pixel of the view is a pixel of a sprite: nothing is scaled or filtered. */

export const VERTEX = `#version 300 es
layout(location = 0) in vec2 corner;
/** Left, top, layer. */
layout(location = 1) in vec3 place;
uniform vec2 view;
uniform ivec2 grid;
uniform int cell;
out vec2 inTile;
flat out int layer;
void main() {
  inTile = corner * vec2(grid * cell);
  layer = int(place.z);
  vec2 at = (place.xy + inTile) / view * 2.0 - 1.0;
  gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2DArray;
in vec2 inTile;
flat in int layer;
uniform int cell;
uniform int perRow;
uniform usampler2DArray cells;
uniform sampler2D atlas;
out vec4 color;
void main() {
  ivec2 pixel = ivec2(inTile);
  ivec2 at = pixel / cell;
  int number = int(texelFetch(cells, ivec3(at, layer), 0).r);
  if (number == 0xffff) discard;
  ivec2 sprite = ivec2(number % perRow, number / perRow) * cell;
  vec4 texel = texelFetch(atlas, sprite + pixel - at * cell, 0);
  if (texel.a < 0.5) discard;
  color = vec4(texel.rgb, 1.0);
}`;
