/**
 * Parts of Linux that scenarios do not have, by how their names begin: so that the message about such a name says what it is about.
 */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(devm_)?gpio(d|chip|lib)?_/, 'GPIO lines'],
  [/^(devm_)?(i2c|smbus)_/, 'I2C'],
  [/^(devm_)?spi_/, 'SPI'],
  [/^usb_/, 'USB'],
  [/^(devm_|pcim_)?(pci|pcie)_/, 'PCI'],
  [/^(devm_)?input_/, 'input devices'],
  [/^(tty|uart|serial)_/, 'terminals and serial ports'],
  [
    /^page_pool_/,
    'pools of pages of network cards (page_pool), which page_frag_alloc() comes closest to',
  ],
  [
    /^(skb|netif|netdev|napi|nlmsg|netlink|genl|genlmsg|sock|inet|nf|ether|dev_kfree_skb|alloc_etherdev|alloc_netdev|free_netdev|(un)?register_net(dev|device)|alloc_skb)(_|$)/,
    'networking',
  ],
  [
    /^(blk|bio|bdev|blkdev|submit_bio|add_disk|del_gendisk|(un)?register_blkdev)(_|$)/,
    'block devices',
  ],
  [/^of_/, 'device trees'],
  [/^(un)?register_k(ret)?probes?$|^k(ret)?probe_/, 'probes of kernel functions'],
  [/^((un)?register_)?ftrace_/, 'tracing of kernel functions'],
  [/^klp_/, 'live patches'],
  [/^(dmaengine|dma_request_(slave_)?chan|dma_release_channel|dma_async)/, 'DMA engines'],
  [/^(devm_)?iio_/, 'sensors (IIO)'],
  [/^snd_/, 'sound'],
  [/^drm_/, 'graphics'],
  [/^crypto_/, 'cryptography'],
  [/^config(fs_|_item_|_group_)/, 'configfs'],
  [/^(devm_)?(regmap|regulator|clk|pwm|phy|reset_control|pinctrl)_/, 'what chips are wired to'],
  [/^(hid|v4l2|vb2|rtc|hwmon|watchdog|led|thermal)_/, 'that class of devices'],
];

/** `GPIO lines`: what a name is about that scenarios do not have; undefined: it is not of these. */
export const partOf = (name: string): string | undefined =>
  PARTS.find(([pattern]) => pattern.test(name))?.[1];
