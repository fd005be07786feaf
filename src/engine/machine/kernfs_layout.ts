/**
 * Where the fields of kobjects, kernfs nodes and radix-tree nodes lie, in words. Made when the first sysfs directory is.
 */
import type { Mm } from './mm.js';

export class KernfsLayout {
  // --- struct kobject, struct kset
  readonly kobj_name: number;
  readonly kobj_entry: number;
  readonly kobj_parent: number;
  readonly kobj_kset: number;
  readonly kobj_ktype: number;
  readonly kobj_sd: number;
  readonly kobj_kref: number;
  /** The word of state_initialized (bit 0) and state_in_sysfs (bit 1). */
  readonly kobj_state: number;
  readonly kset_list: number;
  readonly kset_kobj: number;

  // --- struct attribute, struct attribute_group
  readonly attribute_name: number;
  readonly attribute_mode_bytes: number;
  readonly group_attrs: number;

  // --- struct kernfs_node
  readonly count: number;
  readonly active: number;
  readonly parent: number;
  readonly name: number;
  readonly rb: number;
  readonly ns: number;
  readonly hash: number;
  readonly dir_subdirs: number;
  readonly dir_children: number;
  readonly dir_root: number;
  readonly dir_rev: number;
  readonly attr_ops: number;
  readonly attr_size: number;
  readonly target_kn: number;
  readonly priv: number;
  readonly id: number;
  readonly flags_bytes: number;
  readonly mode_bytes: number;

  // --- struct kernfs_root
  readonly ino_idr: number;
  readonly last_id_lowbits: number;
  readonly id_highbits: number;
  readonly rwsem_owner: number;

  // --- struct idr, struct xa_node
  readonly idr_next: number;
  readonly xa_flags: number;
  readonly xa_head: number;
  readonly xa_parent: number;
  readonly xa_array: number;
  readonly xa_rcu_head: number;
  readonly xa_private_list: number;
  readonly xa_slots: number;
  readonly xa_tags: number;
  readonly xa_node_bytes: number;

  constructor(k: Mm) {
    const of =
      (tag: string) =>
      (member: string): number =>
        k.offset(tag, member);
    const kobj = of('kobject');
    this.kobj_name = kobj('name');
    this.kobj_entry = kobj('entry');
    this.kobj_parent = kobj('parent');
    this.kobj_kset = kobj('kset');
    this.kobj_ktype = kobj('ktype');
    this.kobj_sd = kobj('sd');
    this.kobj_kref = kobj('kref');
    this.kobj_state = kobj('state_initialized');
    this.kset_list = k.offset('kset', 'list');
    this.kset_kobj = k.offset('kset', 'kobj');
    this.attribute_name = k.offset('attribute', 'name');
    this.attribute_mode_bytes = k.byteOffset('attribute', 'mode');
    this.group_attrs = k.offset('attribute_group', 'attrs');

    const kn = of('kernfs_node');
    this.count = kn('count');
    this.active = kn('active');
    this.parent = kn('parent');
    this.name = kn('name');
    this.rb = kn('rb');
    this.ns = kn('ns');
    this.hash = kn('hash');
    this.dir_subdirs = kn('dir.subdirs');
    this.dir_children = kn('dir.children');
    this.dir_root = kn('dir.root');
    this.dir_rev = kn('dir.rev');
    this.attr_ops = kn('attr.ops');
    this.attr_size = kn('attr.size');
    this.target_kn = kn('symlink.target_kn');
    this.priv = kn('priv');
    this.id = kn('id');
    this.flags_bytes = k.byteOffset('kernfs_node', 'flags');
    this.mode_bytes = k.byteOffset('kernfs_node', 'mode');

    const root = of('kernfs_root');
    this.ino_idr = root('ino_idr');
    this.last_id_lowbits = root('last_id_lowbits');
    this.id_highbits = root('id_highbits');
    this.rwsem_owner = root('kernfs_rwsem.owner');

    this.idr_next = k.offset('idr', 'idr_next');
    this.xa_flags = k.offset('idr', 'idr_rt.xa_flags');
    this.xa_head = k.offset('idr', 'idr_rt.xa_head');
    const node = of('xa_node');
    this.xa_parent = node('parent');
    this.xa_array = node('array');
    this.xa_rcu_head = node('callback_head');
    this.xa_private_list = node('private_list');
    this.xa_slots = node('slots');
    this.xa_tags = node('tags');
    this.xa_node_bytes = k.sizeBytes('xa_node');
  }
}
