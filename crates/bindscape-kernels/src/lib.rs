//! Fused kernels of bindscape's networks for the CPU.
#![allow(unsafe_code)]
mod activation;
pub mod adam;
pub mod buffer;
pub mod conv;
pub mod dense;
pub mod first;
mod gemm;
mod lanes;
pub mod lstm;
pub mod norm;
mod parallel;
mod winograd;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod speed {
    use super::buffer::Buffer;
    use super::gemm::*;
    #[test]
    fn speed() {
        rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap()
            .install(|| {
                for (m, n, k, ta, plain, rs) in [
                    (96, 200, 200, false, false, 100),
                    (1800, 200, 200, false, false, 100),
                    (200, 200, 1900, true, true, 100),
                    (200, 200, 1900, true, false, 100),
                    (1900, 100, 400, false, false, 200),
                    (500, 200, 200, false, false, 200),
                    (1000, 100, 1000, false, false, 1000),
                    (100, 1000, 1000, false, true, 1000),
                    (100, 1000, 1000, false, false, 1000),
                    (1000, 1000, 100, true, false, 1000),
                    (1000, 1000, 100, true, true, 1000),
                    (1024, 1024, 1024, false, false, 1024),
                ] {
                    let a = Buffer::zeros(m.max(k) * 1024);
                    let b = Buffer::zeros(k * n + 64);
                    let packed = Packed::new(&b, k, n, n, 1);
                    let mut c = Buffer::zeros(m * n.next_multiple_of(16));
                    let left = if ta {
                        Left {
                            values: &a,
                            row: 1,
                            column: rs,
                        }
                    } else {
                        Left {
                            values: &a,
                            row: rs,
                            column: 1,
                        }
                    };
                    let right = if plain {
                        Right::Plain {
                            values: &b,
                            stride: n,
                        }
                    } else {
                        packed.right()
                    };
                    let mut best = f64::MAX;
                    for _ in 0..10 {
                        let t = std::time::Instant::now();
                        let reps = (200_000_000 / (m * n * k)).max(1);
                        for _ in 0..reps {
                            multiply(m, n, k, left, right, &mut c, n.next_multiple_of(16), false);
                        }
                        best = best.min(t.elapsed().as_secs_f64() / reps as f64);
                    }
                    println!(
                        "{m} {n} {k} ta={ta} plain={plain}: {:.1} GFLOP/s",
                        2e-9 * (m * n * k) as f64 / best
                    );
                }
            });
    }
    #[test]
    fn conv_speed() {
        use crate::conv::*;
        use crate::norm::*;
        for threads in [1, 2] {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
        for s in [ConvShape{batch:100,length:60,channels:100,filters:200,kernel:7,pool:3}, ConvShape{batch:100,length:18,channels:200,filters:200,kernel:4,pool:3}] {
            let x = crate::tests::noise(s.batch*s.length*s.channels,1);
            let w = crate::tests::noise(s.filters*s.kernel*s.channels,2);
            let one=vec![1.0;s.filters]; let zero=vec![0.0;s.filters];
            let mut out = vec![0.0;s.batch*s.pooled()*s.filters];
            let g = crate::tests::noise(out.len(),3);
            let mut dw=w.clone(); let mut dx=x.clone(); let (mut a, mut b)=(one.clone(), one.clone());
            let (mut bf,mut bb,mut bp)=(9.0f64,9.0f64,9.0f64);
            for _ in 0..20 {
                let t=std::time::Instant::now();
                let saved = conv_forward(s,&x,&w,&Norm{scale:&one,shift:&zero,statistics:Statistics::Batch},&mut out);
                bf=bf.min(t.elapsed().as_secs_f64());
                let t=std::time::Instant::now();
                conv_backward(&saved,&w,&one,&g,ConvGradients{weight:&mut dw,scale:&mut a,shift:&mut b,x:Some(&mut dx)});
                bb=bb.min(t.elapsed().as_secs_f64());
                drop(saved);
                let t=std::time::Instant::now();
                conv_predict(s,&x,&w,&Norm{scale:&one,shift:&zero,statistics:Statistics::Running{mean:&zero,var:&one,bias:&zero}},&mut out);
                bp=bp.min(t.elapsed().as_secs_f64());
            }
            let fl = 2.0*(s.batch*s.convolved()*s.kernel*s.channels*s.filters) as f64;
            println!("{threads} thr {s:?} fwd {:.2} ms ({:.0} GF/s eq), bwd {:.2} ms ({:.0}), predict {:.2} ms ({:.0})", bf*1e3, fl/bf/1e9, bb*1e3, 2.0*fl/bb/1e9, bp*1e3, fl/bp/1e9);
        }});
        }
    }

    #[test]
    fn rest_speed() {
        use crate::adam::*;
        use crate::conv::*;
        use crate::dense::*;
        use crate::first::*;
        use crate::norm::*;
        for threads in [1, 2] {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let s = ConvShape{batch:100,length:200,channels:4,filters:100,kernel:19,pool:3};
            let letters: Vec<u8> = crate::tests::noise(s.batch * s.length, 5).iter().map(|x| ((x + 1.0) * 2.0) as u8).collect();
            let w = crate::tests::noise(s.filters*s.kernel*s.channels,2);
            let one=vec![1.0;1000]; let zero=vec![0.0;1000];
            let mut out = vec![0.0;s.batch*s.pooled()*s.filters];
            let g = crate::tests::noise(out.len(),3);
            let mut dw=w.clone(); let (mut a, mut b)=(one.clone(), one.clone());
            let (mut bf,mut bb,mut bp)=(9.0f64,9.0f64,9.0f64);
            for _ in 0..20 {
                let t=std::time::Instant::now();
                let saved = first_forward(s,&letters,&w,&Norm{scale:&one[..100],shift:&zero[..100],statistics:Statistics::Batch},true,&mut out);
                bf=bf.min(t.elapsed().as_secs_f64());
                let t=std::time::Instant::now();
                first_backward(&saved,&w,&one[..100],&g,FirstGradients{weight:&mut dw,scale:&mut a[..100],shift:&mut b[..100]});
                bb=bb.min(t.elapsed().as_secs_f64());
                drop(saved);
                let t=std::time::Instant::now();
                first_forward(s,&letters,&w,&Norm{scale:&one[..100],shift:&zero[..100],statistics:Statistics::Running{mean:&zero[..100],var:&one[..100],bias:&zero[..100]}},false,&mut out);
                bp=bp.min(t.elapsed().as_secs_f64());
            }
            println!("{threads} thr first fwd {:.2} ms, bwd {:.2} ms, predict {:.2} ms", bf*1e3, bb*1e3, bp*1e3);
            let s = DenseShape{batch:100,inputs:1000,outputs:1000};
            let x = crate::tests::noise(100000,1); let w = crate::tests::noise(1000000,2); let g = crate::tests::noise(100000,3);
            let mut out=x.clone(); let mut dx=x.clone(); let mut dw=w.clone();
            let (mut bf,mut bb,mut ba)=(9.0f64,9.0f64,9.0f64);
            let (mut p,mut m,mut v)=(w.clone(),w.clone(),w.iter().map(|x|x*x).collect::<Vec<_>>());
            for _ in 0..20 {
                let t=std::time::Instant::now();
                let saved = dense_forward(s,&x,&w,&Norm{scale:&one,shift:&zero,statistics:Statistics::Batch},None,&mut out);
                bf=bf.min(t.elapsed().as_secs_f64());
                let t=std::time::Instant::now();
                dense_backward(&saved,&x,&w,&one,&zero,None,&g,DenseGradients{weight:&mut dw,scale:&mut a,shift:&mut b,x:Some(&mut dx)});
                bb=bb.min(t.elapsed().as_secs_f64());
                let t=std::time::Instant::now();
                adam(AdamStep{beta1:0.9,beta2:0.999,epsilon:1e-8,size:1e-3,root:1.0},&mut p,&dw,&mut m,&mut v);
                ba=ba.min(t.elapsed().as_secs_f64());
            }
            println!("{threads} thr dense fwd {:.2} ms ({:.0} GF/s), bwd {:.2} ms ({:.0}), adam 1M {:.2} ms", bf*1e3, 0.2/bf, bb*1e3, 0.4/bb, ba*1e3);
        });
        }
    }
}
