/** One page, packed by the tools that makedumpfile uses (lzo 2.10, snappy 1.1.9, zstd 1.5.4). */

/** Text that repeats, bytes that do not, one byte many times, zeros. */
export function samplePage(): Uint8Array {
  const page = new Uint8Array(4096);
  const text = 'struct page *page = alloc_pages(GFP_KERNEL, order); ';
  for (let i = 0; i < 1600; i++)
    page[i] = i % 7 === 0 ? (i * 31) & 255 : text.charCodeAt(i % text.length);
  for (let i = 2000; i < 3000; i++) page[i] = Number(((BigInt(i * i) * 2654435761n) >> 13n) & 255n);
  page.fill(0x6b, 3000, 3600);
  return page;
}

const unpacked = (text: string): Uint8Array => Buffer.from(text, 'base64');

export const lzoPage = unpacked(
  'AF8AdHJ1Y3Qg2WFnZSAqcLJnZSA9IGGLbG9jX3BhZGVzKEdGUD1LRVJORUwWIG9yZGVy7zsgc3Rydch0IHBhZ2WhKnBh' +
    'Z2UgeiBhbGxvY1NwYWdlcygsRlBfS0VSBUVMLCBvct5lcik7IHO3cnVjdCBwkJ4MYWmeDGxCngxnG58MX/RFfgwszZ8M' +
    'KaYgfgxjf58MIFhwZxQ9MWF+DF8KnAwBR+NQX24TvEx/DGSVcnwMBnRudWN0IHBhR38ZYWcgfxlsbPl/GWdl0n8ZX0ur' +
    'nAwGIIRyZGVyKTtdngx0NoYMKg+eDCDonwxwwWeNIJqeDEVzngxlTJ4MciWfDGf+II8g1z0gbhOwX3sIc4lHjyBiTkVt' +
    'EzucDAEgFHRybRPtZwwqcMatLZ+tLXieDFBRfBkBRUwqII0gA60t3H8ZZ2W1ngwgjp4MY2eeDChAngxSGZ4McvJ/GSBz' +
    'y54McKStLX2tLVatLS+tLQitLeGeDCm6rS2TrS1sawsgPUV/GWNfHq0t960t0H8ZcmSprS2CfxlwYVutLTStLQ2tLeat' +
    'Lb+tLZitLXGtLUqGDCojZyE9IPytLdWtLa6tLYetLWCtLTmtLRKtLeutLcStLZ2tLXatLU+tLSitLQFnDCpw2q0ts60t' +
    'jK0tZa0tPq0tF60t8K0tya0toq0te3sVcyhUrS0trS0GrS3frS24rS2RrS1qrS1DrS0crS31rS3OrS2nrS2AawsgPVmt' +
    'LTKtLQutLeStLb2tLZatLW+tLUitLSGtLfqtLdOtLaytLYWtLV6GDCo3ZyE9IBCtLemtLcKtLZutLXStLU2tLSatLf+t' +
    'LditLbGtLYqtLWOtLTytLRVnDCpw7q4tx2yNIKCtLXmtLVKtLSutLQStLd2tLbatLY97FXMoaK0tQa0tGq0t860tzK0t' +
    'pa0tfp4MZ1etLTCtLQmtLeKtLbutLZRrCyA9ba0tRq0tH60t+K0t0a0tqq0tg60tXK0tNa0tDq0t560twK0tma0tcoYM' +
    'KktnIT0gJK0t/a0t1q0tr60tiK0tYa0tOq0tE60t7K0txa0tnq0td60tUK0tKWcMKnACrS3brS20rS2NrS1mrS0/rS0Y' +
    'rS3xrS3KrS2jexVzKHytLVWtLS6tLQetLeCuLblljSCSrS1rrC0CREVSTgAgAG8AAAAAAAAAGaHJZ34MEY+E8NQwA04Q' +
    'S/wmx99vd/btXEKgdcKHw3eiRWDy/H12588vBlUcWhA+4wCUoCMekXvdtwjREcn5oL9VY+nmW0erh9ql56HTfJ02Rs3N' +
    'QzKYdsuY3ZnMeJs1SNHTTDykhNyr8a/lk7hUafX4c2bQsgvcJeYdzfSTqTc9uq8b/1oueDt1JlDwCZmhIBeFa8me66/s' +
    'n8ptiBokpZ4P91YufUOBN2UKJrrGSkW3ogPdLvY37x7F5HqIDQt/bNCr/skLxfegwVlp8fBnVbuZ7rv/u++avVdp8/Rt' +
    'Xsal/cwS0Aaz2HWJFRiThvDSK/xFBT3sE7LIVlvYzTkdeUyWWZJEbQ4mtr49M6KI5boHzAi75omkNj/AuSoScUmYXpxS' +
    'fyRA1OBjXtG7HfZHEFAIN978k6AmI5eE58MW4CPdDrfYcIAHBn1r0a8E0RXRBLDSbX8ICYJz27oR4CflGsfsiZ0oLKeZ' +
    'A+U+D1cYT/8lxNpoberfSy+KXahqpFV+HzfHzk1Espj1yhfbF8v2mLNFTs/IOCCAV6ZsqmCNMk7i7nFs3sgqA1QcXBRD' +
    '6gifrDIuo4/zziHrLucZwuJ6ihIRh3XbuQ7aHtoOudt2hxESi3vjwhnoLuwiz/SQpDAzraAK60UVXh5VBSvK4G1z7+RQ' +
    'NI9irG6oWYIjO8vSUUe2m/nOGt4azfibtUdQ0so6IoJZp26rYY4zT+PucWzeyCoDVBxcFEPqCJ6rMS2ijvHNIOos5hfA' +
    '4HiIDw6Fc9i2C9cb1wq12HKEDQ6Gd96+FeMq5x3K74ufKi2omgTlPg9XF0/+JcPZZmzo3Uksh1qkZqBRehoywslIP62S' +
    '78QR1RHE75GrPUbHwDAYd06cY6BWgydD1+NmYNK8HvdHEE8HNt37kZ4jIJSA5L8R3B7XCLHSaXkA/3Vjyab7xwvH+qXH' +
    'YnP8/XZmzq0E0hjWC7jdeY0YG5WI8dMs/EUEPOsRsMVTWNTJNRhzRpBSizxlBR2ttDMpl33arvu/+q7Ye5UmL7CpGQBg' +
    'NoVLiT5rDyu/yk1IuqMF3i72Nu0cw+F3hAkGembJpPfBA7ztlrZOXuXjWkitit+r76veiKtFVt/gWEiwj+a0+rjtmr5a' +
    'bvn8d2nStAzdJeUcy/GQpTM4tKgU91IlbzFqG0Tk/IuSEQd1WreM2JzYi7VYcgMMjYX13TwSYSdkGUbrB5qlKCOVft+4' +
    'CdEQyPadu1Fe499TP6J90JrclcZujiY2vbsxH4RhtoLGgrVfgRsttrYvH4ZlvIrQjcNvlC9DztFLPaeI4bH5ufCfxWN5' +
    'BguHe+fKJfdBAzztFrbOXWTi2EZra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr' +
    'a2tra2tra2tra2tra2sgAPmAACAAbzgfIDM4BgoAAAAAAAAAAAAAAAAAEQAA',
);

export const snappyPage = unpacked(
  'gCDwQAB0cnVjdCDZYWdlICpwsmdlID0gYYtsb2NfcGFkZXMoR0ZQPUtFUk5FTBYgb3JkZXLvOyBzdHJ1yHQgcGFnZaEq' +
    'AQYgIHogYWxsb2NTAQ1ccygsRlBfS0VSBUVMLCBvct5lcik7IHO3BWgEcJAFaARhaQVoBGxCBWgEZxsFaARf9AVoCCzN' +
    'bwFoBCmmBWgIY38gAVUEIFgFBgQ9MQVoDF8KYWcBnADjBWgETrwFaARklQVoBHRuAdAIcGFHAdAIYWcgAdAIbGz5AdAI' +
    'Z2XSAdAQX0urUk4BnACEBWgIO11zJQQANgViBCoPIQoIPSDoAdAIX3DBBWgERpoB0AhORXMB0AhkZUwB0Ax0ciVjJQQI' +
    '/iAqAToE1z0lBASwXwENCHOJRyUEAGIFaAhvO2QlBAAUBWgEIO0BYggqcMYpbASfbCUEAHgB0AxGUFFLJQQAKilsBAM7' +
    'JQQA3AVoBGW1BWgEII4FaARjZwVoBChABWgEUhkB0AhvcvIFaARzyylsAKQpbAB9KWwAVgVoBGcvKWwACAVoBCzhKWwA' +
    'ugVoBGOTKWwAbAFbCCA9RSlsAB4pbAD3KWwA0ClsAKkpbACCKWwAWylsADQpbAANKWwA5ilsAL8pbACYKWwAcSlsAEoF' +
    'YgQqIyEKCD0g/ClsBNVnJQQArilsAIcpbABgKWwAOSlsABIpbADrKWwAxClsAJ0pbAB2KWwATylsACgpbAABAWIIKnDa' +
    'KWwAsylsAIwFaARQZSlsAD4pbAAXKWwA8ClsAMkpbACiKWwAewGvCHMoVClsAC0pbAAGKWwA3ylsALgpbACRKWwAails' +
    'AEMpbAAcKWwA9SlsAM4pbACnKWwAgAFbCCA9WSlsADIpbAALKWwA5ClsAL0pbACWKWwAbylsAEgpbAAhKWwA+ilsANMp' +
    'bACsKWwAhSlsAF4FYgQqNyEKCD0gEClsAOkpbADCKWwAmylsAHQpbABNKWwEJiAlBAD/KWwA2ClsALEpbACKKWwAYyls' +
    'ADwpbAAVAWIIKnDuKWwAxylsAKApbAB5KWwAUilsACspbAAEKWwA3QVoBCC2KWwAjwGvCHMoaClsAEEpbAAaKWwA8yls' +
    'AMwpbAClKWwAfilsAFcpbAAwKWwACSlsAOIpbAC7KWwAlAFbCCA9bSlsAEYpbAAfKWwA+ClsANEpbACqKWwAgylsAFwp' +
    'bAA1KWwADilsAOcpbADAKWwAmSlsAHIFYgQqSyEKCD0gJClsAP0pbADWKWwArylsAIgpbABhKWwAOilsABMpbADsKWwA' +
    'xSlsAJ4pbAB3KWwAUClsACkBYggqcAIpbADbKWwAtClsBI1LJQQAZilsAD8pbAAYKWwA8SlsAMopbACjAa8Icyh8KWwA' +
    'VSlsAC4pbAAHKWwA4ClsALkpbACSKWwAaylsEERFUk4A/gEA/gEA/gEA/gEA/gEA/gEAOgEA9CcEoclnfgwRj4Tw1DAD' +
    'ThBL/CbH32939u1cQqB1wofDd6JFYPL8fXbnzy8GVRxaED7jAJSgIx6Re923CNERyfmgv1Vj6eZbR6uH2qXnodN8nTZG' +
    'zc1DMph2y5jdmcx4mzVI0dNMPKSE3Kvxr+WTuFRp9fhzZtCyC9wl5h3N9JOpNz26rxv/Wi54O3UmUPAJmaEgF4VryZ7r' +
    'r+yfym2IGiSlng/3Vi59Q4E3ZQomusZKRbeiA90u9jfvHsXkeogNC39s0Kv+yQvF96DBWWnx8GdVu5nuu/+775q9V2nz' +
    '9G1exqX9zBLQBrPYdYkVGJOG8NIr/EUFPewTsshWW9jNOR15TJZZkkRtDia2vj0zoojlugfMCLvmiaQ2P8C5KhJxSZhe' +
    'nFJ/JEDU4GNe0bsd9kcQUAg33vyToCYjl4TnwxbgI90Ot9hwgAcGfWvRrwTRFdEEsNJtfwgJgnPbuhHgJ+Uax+yJnSgs' +
    'p5kD5T4PVxhP/yXE2mht6t9LL4pdqGqkVX4fN8fOTUSymPXKF9sXy/aYs0VOz8g4IIBXpmyqYI0yTuLucWzeyCoDVBxc' +
    'FEPqCJ+sMi6jj/POIesu5xnC4nqKEhGHddu5Dtoe2g6523aHERKLe+PCGegu7CLP9JCkMDOtoArrRRVeHlUFK8rgbXPv' +
    '5FA0j2KsbqhZgiM7y9JRR7ab+c4a3hrN+Ju1R1DSyjoiglmnbqthjjNP4+5xbN7IKgNUHFwUQ+oInqsxLaKO8c0g6izm' +
    'F8DgeIgPDoVz2LYL1xvXCrXYcoQNDoZ33r4V4yrnHcrvi58qLaiaBOU+D1cXT/4lw9lmbOjdSSyHWqRmoFF6GjLCyUg/' +
    'rZLvxBHVEcTvkas9RsfAMBh3TpxjoFaDJ0PX42Zg0rwe90cQTwc23fuRniMglIDkvxHcHtcIsdJpeQD/dWPJpvvHC8f6' +
    'pcdic/z9dmbOrQTSGNYLuN15jRgblYjx0yz8RQQ86xGwxVNY1Mk1GHNGkFKLPGUFHa20MymXfdqu+7/6rth7lSYvsKkZ' +
    'AGA2hUuJPmsPK7/KTUi6owXeLvY27RzD4XeECQZ6Zsmk98EDvO2Wtk5e5eNaSK2K36vvq96Iq0VW3+BYSLCP5rT6uO2a' +
    'vlpu+fx3adK0DN0l5RzL8ZClMzi0qBT3UiVvMWobROT8i5IRB3Vat4zYnNiLtVhyAwyNhfXdPBJhJ2QZRusHmqUoI5V+' +
    '37gJ0RDI9p27UV7j31M/on3QmtyVxm6OJja9uzEfhGG2gsaCtV+BGy22ti8fhmW8itCNw2+UL0PO0Us9p4jhsfm58J/F' +
    'Y3kGC4d758ol90EDPO0Wts5dZOLYRmtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr' +
    'a2tra2tra2tra2tra2tra2v+IQD+IQD+IQD+IQD+IQD+IQD+IQD+IQBeIQD+zwf+zwf+zwf+zwf+zwf+zwc6zwf+AQCC' +
    'AQA=',
);

export const zstdPage = unpacked(
  'KLUv/QRojS4AlE8AdHJ1Y3Qg2WFnZSAqcLI9IGGLbG9jX3BhZGVzKEdGUD1LRVJORUwWIG9yZGVy7zsgc8h0IHChKnBh' +
    'eiBhbFMsRlBfBUVMLN5lcim3kGlCG/TNpn9YMQrjvJVuRyD50quEXTYP6MGac0wl/tewiWI7FO3Gn3hRKgPctY5nQBny' +
    'y6R9Vi8I4bqTbEUe99Cpgls0Dea/mHFKI/zVrodgORLrxJ12TygB2rOMZT4X8Mmie1QtBt+4kWpDHPXOp4BZMgvkvZZv' +
    'SCH606yFXjcQ6cKbdE0m/9iximM8Fe7HoHlSKwTdto9oQRrzzKV+VzAJ4ruUbUYf+NGqg1w1DufAmXJLJP3Wr4hhOhPs' +
    'xZ53UCkC27SNZj8Y8cqjfFUuB+C5kmtEAKHJZ34MEY+E8NQwA04QS/wmx99vd/btXEKgdcKHw3eiRWDy/H12588vBlUc' +
    'WhA+4wCUoCMekXvdtwjREcn5oL9VY+nmW0erh9ql56HTfJ02Rs3NQzKYdsuY3ZnMeJs1SNHTTDykhNyr8a/lk7hUafX4' +
    'c2bQsgvcJeYdzfSTqTc9uq8b/1oueDt1JlDwCZmhIBeFa8me66/sn8ptiBokpZ4P91YufUOBN2UKJrrGSkW3ogPdLvY3' +
    '7x7F5HqIDQt/bNCr/skLxfegwVlp8fBnVbuZ7rv/u++avVdp8/RtXsal/cwS0Aaz2HWJFRiThvDSK/xFBT3sE7LIVlvY' +
    'zTkdeUyWWZJEbQ4mtr49M6KI5boHzAi75omkNj/AuSoScUmYXpxSfyRA1OBjXtG7HfZHEFAIN978k6AmI5eE58MW4CPd' +
    'DrfYcIAHBn1r0a8E0RXRBLDSbX8ICYJz27oR4CflGsfsiZ0oLKeZA+U+D1cYT/8lxNpoberfSy+KXahqpFV+HzfHzk1E' +
    'spj1yhfbF8v2mLNFTs/IOCCAV6ZsqmCNMk7i7nFs3sgqA1QcXBRD6gifrDIuo4/zziHrLucZwuJ6ihIRh3XbuQ7aHtoO' +
    'udt2hxESi3vjwhnoLuwiz/SQpDAzraAK60UVXh5VBSvK4G1z7+RQNI9irG6oWYIjO8vSUUe2m/nOGt4azfibtUdQ0so6' +
    'IoJZp26rYY4zT+OeqzEtoo7xzSDqLOYXwOB4iA8OhXPYtgvXG9cKtdhyhA0OhnfevhXjKucdyu+LnyotqJoEF0/+JcPZ' +
    'Zmzo3Uksh1qkZqBRehoywslIP62S78QR1RHE75GrPUbHwDAYd06cY6BWgydD1+NmYNK8HvdHEE8HNt37kZ4jIJSA5L8R' +
    '3B7XCLHSaXkA/3Vjyab7xwvH+qXHYnP8/XZmzq0E0hjWC7jdeY0YG5WI8dMs/EUEPOsRsMVTWNTJNRhzRpBSizxlBR2t' +
    'tDMpl33arvu/+q7Ye5UmL7CpGQBgNoVLiT5rDyu/yk1IuqMF3i72Nu0cw+F3hAkGembJpPfBA7ztlrZOXuXjWkitit+r' +
    '76veiKtFVt/gWEiwj+a0+rjtmr5abvn8d2nStAzdJeUcy/GQpTM4tKgU91IlbzFqG0Tk/IuSEQd1WreM2JzYi7VYcgMM' +
    'jYX13TwSYSdkGUbrB5qlKCOVft+4CdEQyPadu1Fe499TP6J90JrclcZujiY2vbsxH4RhtoLGgrVfgRsttrYvH4ZlvIrQ' +
    'jcNvlC9DztFLPaeI4bH5ufCfxWN5BguHe+fKJfdBAzztFrbOXWTi2EZrgbuoweVJ+VGrsBzBfZKkNcJXr/r/P8sBDRw0' +
    'Tl9bJFIZtlS6q+FfQ//TMjIQpkpHlY5qOqp0VOmopKNKR5WOVDqqdFTpUKWjSkeVDlU6qnRUyVGlo0pHFR1VOqp0VNJR' +
    'paNKRyodVTqqdKjSUaWjSocqHVU6quSo0lGlo4qOKh1VOirpqNJRpSOVjiodVTpU6ajSUaVDlY4qHVVyVOmo0lFFR5WO' +
    'Kh2VdFTpqNKRSkeVjiodqnRU6ajSoUpHlY4qOap0VOmIXQfx+7RARr9f+LsUFZifBmaqIE8=',
);
